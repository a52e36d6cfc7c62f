/** What the streams carry: 90 % trades, 5 % candles, 5 % tickers, each stream of a kind in its turn, numbered without a hole. */
import { ID_DIGITS, increment, makeTemplate, type Template, TIME_DIGITS, writeNumber } from "./frames.ts"
import { type Kind, streamsOf } from "./streams.ts"

/** The first of each symbol; below it there are trades too, of the past. */
export const FIRST_ID = 1_000_000_001

/** Of twenty events. */
const PATTERN: ReadonlyArray<Kind> = Array.from({ length: 20 }, (_, index) =>
  index === 9 ? "kline" : index === 19 ? "ticker" : "trade"
)

/** One stream, and what was sent of it. */
export interface Source {
  readonly template: Template
  readonly trades: Source | undefined
  /** The number of the next one. */
  next: number
  sent: number
  /** Ranges of ids that the stream left out, both ends included. */
  readonly skipped: Array<readonly [first: number, last: number]>
}

export interface Market {
  readonly sources: ReadonlyArray<Source>
  readonly symbols: ReadonlySet<string>
  /** The id that the symbol's next trade will get. */
  readonly nextId: (symbol: string) => number
  /** The next so many events, each patched and handed over. */
  readonly emit: (count: number, now: number, take: (index: number, frame: Buffer) => void) => void
  /** Trades that the stream never carries, only the history. */
  readonly skip: (symbol: string, ids: number) => void
}

export const make = (streams: number, now: number): Market => {
  const trades = new Map<string, Source>()
  const sources = streamsOf(streams).map((stream) => {
    const { kind, symbol } = stream
    const template = makeTemplate(stream, now)
    const source: Source = { template, trades: trades.get(symbol), next: FIRST_ID, sent: 0, skipped: [] }
    writeNumber(template.frame, template.id, FIRST_ID - 1, ID_DIGITS)
    if (kind === "trade") trades.set(symbol, source)
    return source
  })
  const indexes = (kind: Kind) => [...sources.keys()].filter((index) => sources[index]?.template.kind === kind)
  const all = { trade: indexes("trade"), kline: indexes("kline"), ticker: indexes("ticker") }
  const turn = (kind: Kind) => ({ streams: all[kind], at: 0 })
  const turns = { trade: turn("trade"), kline: turn("kline"), ticker: turn("ticker") }
  /** A kind that is not there leaves its turn to the trades. */
  const order = PATTERN.map((kind) => (all[kind].length > 0 ? turns[kind] : turns.trade))
  let step = 0
  const stamp = Buffer.alloc(TIME_DIGITS)

  return {
    sources,
    symbols: new Set(trades.keys()),
    nextId: (symbol) => trades.get(symbol)?.next ?? FIRST_ID,
    emit: (count, now, take) => {
      writeNumber(stamp, 0, now, TIME_DIGITS)
      for (let event = 0; event < count; event++) {
        const turn = order[step]
        step = step + 1 === order.length ? 0 : step + 1
        if (turn === undefined) continue
        const index = turn.streams[turn.at] ?? 0
        turn.at = turn.at + 1 === turn.streams.length ? 0 : turn.at + 1
        const source = sources[index]
        if (source === undefined) continue
        const { template } = source
        increment(template)
        source.next++
        source.sent++
        for (const at of template.times) stamp.copy(template.frame, at)
        if (source.trades !== undefined) {
          const { frame, id } = source.trades.template
          for (const at of template.newest) frame.copy(template.frame, at, id, id + ID_DIGITS)
        }
        take(index, template.frame)
      }
    },
    skip: (symbol, ids) => {
      const source = trades.get(symbol)
      if (source === undefined || ids < 1) return
      source.skipped.push([source.next, source.next + ids - 1])
      source.next += ids
      writeNumber(source.template.frame, source.template.id, source.next - 1, ID_DIGITS)
    }
  }
}
