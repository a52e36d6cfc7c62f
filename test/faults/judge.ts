/**
 * The judgement: what the topics hold, read from offset 0 by a reader that shares no code with the producing side, against
 * what the simulator's market made. Nothing here looks into the connector.
 */
import * as payloads from "../../src/simulator/payloads.ts"
import type { Simulator } from "../../src/simulator/Simulator.ts"
import type { CandleSeries } from "../../src/simulator/Candles.ts"
import { isInterval } from "../../src/simulator/time.ts"
import { client, scanTopic, type StoredRecord } from "../support/kafka/records.ts"

/** Visits the records of a topic; a sabotage may show other ones than there are. */
export type Scan = (topic: string, visit: (record: StoredRecord) => void) => Promise<void>

const topicOf: Readonly<Record<string, string>> = {
  trade: "raw_trades",
  aggTrade: "raw_agg_trades",
  kline: "raw_klines",
  bookTicker: "raw_book_tickers",
  depth: "raw_depth",
  miniTicker: "raw_mini_tickers"
}

export const dataTopic = (stream: string): string => {
  const suffix = stream.slice(stream.indexOf("@") + 1)
  const kind = /^(kline|depth)/.exec(suffix)?.[0] ?? (suffix === "arr" ? "miniTicker" : suffix)
  const topic = topicOf[kind]
  if (topic === undefined) throw new Error(`${stream}: the judge does not know its topic`)
  return topic
}

export interface Claim {
  readonly type: string
  readonly stream: string
  readonly from: number | null
  readonly to: number | null
  readonly late: boolean
  readonly reason: string
}

export interface Expectation {
  /** Live may have gone past a hole that was filled late. */
  readonly mayOpenGaps?: boolean
  /** Other continuity records than those of gaps: `rollover` and so on. */
  readonly claims?: ReadonlyArray<string>
  /** How many dead letters there are; none if it is left out. */
  readonly deadLetters?: (count: number) => boolean
  /** Each series is judged from the first id that the topic holds: what was before it is lost with a topic. */
  readonly fromFirstStored?: boolean
  /** So many gap records at the most. */
  readonly mostGaps?: number
}

export interface Judgement {
  readonly generated: number
  readonly missing: number
  readonly duplicated: number
  readonly outOfOrder: number
  /** Behind newer ones, but said to be: by themselves and by the continuity topic. */
  readonly late: number
  readonly mutated: number
  readonly gaps: number
  readonly deadLetters: number
  readonly backfilled: number
  /** Whatever makes it fail, in words. */
  readonly faults: ReadonlyArray<string>
}

/** What the market made of one stream. */
interface Made {
  readonly first: number
  readonly last: number
  /** Up to here ids may be there, though nobody pushed them: a candle that ended while the market was halted. */
  readonly mayReach: number
  /** From one id to the next: 1, or the length of a candle (ms). */
  readonly step: number
  /** The payload as pushed; without what cannot be known. */
  readonly payload: (id: number, isBackfilled: boolean) => string | undefined
}

const withoutEventTime = (json: string): string => json.replace(/"E":\d+/, '"E":0')

const madeCandles = (simulator: Simulator, symbol: string, series: CandleSeries, first: number): Made | undefined => {
  const newest = series.closed.at(-1)
  const market = simulator.market.symbols.get(symbol)
  if (newest === undefined || market === undefined) return undefined
  const step = newest.end - newest.open
  const { current } = series
  // The halted market does not close it, and REST, which goes by the clock, has it as closed.
  const isOver = current.end <= simulator.now()
  return {
    first,
    last: newest.open,
    mayReach: isOver ? current.open : newest.open,
    step,
    payload: (open, isBackfilled) => {
      const closed = series.closed[series.closed.length - 1 - (newest.open - open) / step]
      const candle = isOver && open === current.open ? current : closed
      if (candle?.open !== open) return undefined
      // The history has no trade ids of a candle.
      const known = isBackfilled ? { ...candle, first: -1, last: -1 } : candle
      return payloads.kline(market.symbol, series, known, true, 0, "ms")
    }
  }
}

/** By stream, what has to be there; streams that nobody was ever subscribed to have nothing. */
const madeBy = (simulator: Simulator, streams: ReadonlyArray<string>): ReadonlyMap<string, Made> => {
  const made = new Map<string, Made>()
  for (const stream of streams) {
    const [name = "", suffix = ""] = stream.split("@")
    const symbol = name.toUpperCase()
    const pushed = simulator.ledger.pushed.get(stream)
    const generated = simulator.ledger.generated(symbol)
    if (pushed === undefined || generated === undefined) continue
    const { first } = pushed
    if (suffix === "trade") {
      made.set(stream, {
        first,
        last: generated.trades.last,
        mayReach: generated.trades.last,
        step: 1,
        payload: (id) => simulator.ledger.tradePayload(symbol, id)
      })
    } else if (suffix === "aggTrade") {
      made.set(stream, {
        first,
        last: generated.aggregates.last,
        mayReach: generated.aggregates.last,
        step: 1,
        payload: (id) => simulator.ledger.aggregatePayload(symbol, id)
      })
    } else if (suffix.startsWith("kline_")) {
      const interval = suffix.slice("kline_".length)
      const series = isInterval(interval)
        ? simulator.market.symbols.get(symbol)?.candles.series(interval, 0)
        : undefined
      const candles = series && madeCandles(simulator, symbol, series, first)
      if (candles !== undefined) made.set(stream, candles)
    }
  }
  return made
}

/** How many records each topic must hold at least, to know when it is worth while to look; candles not counted. */
export const leastStored = (simulator: Simulator, streams: ReadonlyArray<string>): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const [stream, { first, last, step }] of madeBy(simulator, streams)) {
    if (step !== 1) continue
    const topic = dataTopic(stream)
    counts.set(topic, (counts.get(topic) ?? 0) + last - first + 1)
  }
  return counts
}

const OPEN = '{"original_data":'
const CLOSE = ',"ingestion_timestamp":'
const EXAMPLES = 5
const MOST_OF_A_SORT = 12

/** Ranges for people, a few of them. */
const rangesOf = (ids: ReadonlyArray<number>, step: number): string => {
  const ranges: Array<[number, number]> = []
  for (const id of ids) {
    const newest = ranges.at(-1)
    if (newest !== undefined && newest[1] + step === id) newest[1] = id
    else ranges.push([id, id])
  }
  const shown = ranges.slice(0, EXAMPLES).map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`))
  return `${shown.join(", ")}${ranges.length > EXAMPLES ? `, and ${ranges.length - EXAMPLES} more ranges` : ""}`
}

class Series {
  readonly #stream: string
  readonly #made: Made
  readonly #seen = new Set<number>()
  readonly #late = new Set<number>()
  readonly #inOrder = new Set<number>()
  #highest = -Infinity
  #partition: number | undefined
  duplicated = 0
  outOfOrder: Array<number> = []
  mutated = 0
  backfilled = 0
  readonly examples: Array<string> = []

  constructor(stream: string, made: Made) {
    this.#stream = stream
    this.#made = made
  }

  add(id: number, record: StoredRecord, original: string, tail: string): void {
    const isBackfilled = tail.includes(',"backfilled":true')
    const isLate = tail.includes(',"late":true')
    if (isBackfilled) this.backfilled++
    this.#partition ??= record.partition
    if (record.partition !== this.#partition) this.#example(`${id} is in another partition`)
    if (this.#seen.has(id)) {
      this.duplicated++
      this.#example(`${id} is there twice, again at ${record.partition}/${record.offset}`)
    } else if (isLate) this.#late.add(id)
    else if (id < this.#highest) this.outOfOrder.push(id)
    else this.#inOrder.add(id)
    this.#seen.add(id)
    this.#highest = Math.max(this.#highest, id)
    const expected = this.#made.payload(id, isBackfilled)
    const isSame =
      this.#made.step !== 1 || isBackfilled
        ? withoutEventTime(original) === withoutEventTime(expected ?? "")
        : original === expected
    if (isSame) return
    this.mutated++
    this.#example(`${id} is ${original}, made was ${expected ?? "nothing"}`)
  }

  #example(text: string): void {
    if (this.examples.length < EXAMPLES) this.examples.push(`${this.#stream}: ${text}`)
  }

  /** The ids of a claimed range, both inclusive; a candle counts by its open time. */
  #ids(from: number, to: number): ReadonlyArray<number> {
    const { first, step } = this.#made
    const start = first + Math.ceil((from - first) / step) * step
    return Array.from({ length: Math.max(0, Math.floor((to - start) / step) + 1) }, (_, n) => start + n * step)
  }

  /** What is untrue of a claim; `undefined` if nothing is. */
  refute({ from, late, to, type }: Claim): string | undefined {
    if (from === null || to === null || from > to) return "names no ids"
    const ids = this.#ids(from, to)
    const wanted = ids.filter((id) => id >= this.#made.first)
    if (wanted.some((id) => id > this.#made.mayReach)) return "is about ids that were never made"
    switch (type) {
      case "gap-confirmed":
        return wanted.length === 0 ? undefined : "the exchange has these ids"
      case "gap-opened": {
        const inOrder = wanted.filter((id) => this.#inOrder.has(id))
        return inOrder.length === 0 ? undefined : `${rangesOf(inOrder, this.#made.step)} are there in order`
      }
      case "gap-filled": {
        const absent = wanted.filter((id) => !(late ? this.#late : this.#seen).has(id))
        return absent.length === 0 ? undefined : `${rangesOf(absent, this.#made.step)} are not there as it says`
      }
      default:
        return "is of a type that is no gap's"
    }
  }

  report(opened: ReadonlyArray<Claim>, fromFirstStored: boolean) {
    const { first, last, step } = this.#made
    const start = fromFirstStored ? Math.max(first, Math.min(...this.#seen)) : first
    const missing: Array<number> = []
    for (let id = start; id <= last; id += step) if (!this.#seen.has(id)) missing.push(id)
    const isExplained = (id: number) =>
      opened.some(({ from, to }) => from !== null && to !== null && from <= id && id <= to)
    const unexplained = [...this.#late].filter((id) => !isExplained(id))
    return {
      generated: Math.floor((last - start) / step) + 1,
      missing,
      late: this.#late.size - unexplained.length,
      unexplained,
      step
    }
  }
}

/** Depth: ranges of updates that follow one another, or a record that says which do not. */
class Updates {
  readonly #stream: string
  #last: number | undefined
  readonly holes: Array<readonly [number, number]> = []
  readonly faults: Array<string> = []

  constructor(stream: string) {
    this.#stream = stream
  }

  add(original: string): void {
    // Futures say what goes before, and `U` need not follow it.
    const before = /"pu":(\d+)/.exec(original)?.[1]
    const first = before === undefined ? Number(/"U":(\d+)/.exec(original)?.[1]) : Number(before) + 1
    const last = Number(/"u":(\d+)/.exec(original)?.[1])
    if (this.#last !== undefined) {
      if (last <= this.#last) this.faults.push(`${this.#stream}: ${first}-${last} comes after ${this.#last}`)
      else if (first > this.#last + 1) this.holes.push([this.#last + 1, first - 1])
    }
    this.#last = Math.max(this.#last ?? -Infinity, last)
  }
}

const isClaim = (value: unknown): value is Claim =>
  typeof value === "object" && value !== null && "type" in value && "stream" in value && "from" in value

const GAPS = new Set(["gap-opened", "gap-filled", "gap-confirmed"])

/** Which of the topics there are. */
export const existing = async (bootstrap: string, topics: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const admin = client(bootstrap).admin()
  await admin.connect()
  try {
    const all = new Set(await admin.listTopics())
    return topics.filter((topic) => all.has(topic))
  } finally {
    await admin.disconnect()
  }
}

export const scan =
  (bootstrap: string): Scan =>
  async (topic, visit) => {
    const [found] = await existing(bootstrap, [topic])
    if (found !== undefined) await scanTopic(bootstrap, topic, visit)
  }

/** Whether the topic holds a closed candle of each of these streams. */
export const holdsCandles = async (scan: Scan, prefix: string, streams: ReadonlyArray<string>): Promise<boolean> => {
  const left = new Set(streams)
  if (left.size === 0) return true
  await scan(`${prefix}${topicOf["kline"]}`, ({ headers, value }) => {
    const [, , suffix = "", symbol = ""] = headers["event-id"]?.split(":") ?? []
    if (value.includes('"x":true')) left.delete(`${symbol.toLowerCase()}@${suffix}`)
  })
  return left.size === 0
}

export interface Case {
  readonly simulator: Simulator
  readonly streams: ReadonlyArray<string>
  readonly prefix: string
  readonly expect: Expectation
  readonly scan: Scan
}

export const judge = async ({ expect, prefix, scan, simulator, streams }: Case): Promise<Judgement> => {
  const made = madeBy(simulator, streams)
  const series = new Map([...made].map(([stream, one]) => [stream, new Series(stream, one)]))
  const updates = new Map<string, Updates>()
  const faults: Array<string> = []
  const said = new Map<string, number>()
  /** A few of each sort are enough. */
  const say = (text: string, sort = "other") => {
    const count = (said.get(sort) ?? 0) + 1
    said.set(sort, count)
    if (count <= MOST_OF_A_SORT) faults.push(text)
    else if (count === MOST_OF_A_SORT + 1) faults.push("… and more of these")
  }
  let duplicated = 0

  for (const topic of new Set(streams.map(dataTopic))) {
    /** Event ids of what has no sequence. */
    const others = new Set<string>()
    await scan(`${prefix}${topic}`, (record) => {
      const value = record.value.toString()
      const close = value.lastIndexOf(CLOSE)
      const eventId = record.headers["event-id"] ?? ""
      if (!value.startsWith(OPEN) || close === -1 || eventId === "") {
        return say(`${topic} ${record.partition}/${record.offset} is no record of ours: ${value.slice(0, 200)}`)
      }
      const original = value.slice(OPEN.length, close)
      const tail = value.slice(close)
      // binance:spot:<stream>:<SYMBOL>:<id>
      const [, , suffix = "", symbol = "", id = ""] = eventId.split(":")
      if (symbol !== record.key || !tail.includes(`"topic":"${prefix}${topic}"`)) {
        say(`${topic} ${record.partition}/${record.offset}: ${eventId} under the key ${record.key}: ${tail}`)
      }
      const stream = `${symbol.toLowerCase()}@${suffix}`
      const one = series.get(stream)
      const isClosed = !suffix.startsWith("kline_") || original.includes('"x":true')
      if (one !== undefined && isClosed) return one.add(Number(id), record, original, tail)
      if (others.has(eventId)) {
        duplicated++
        say(`${eventId} is there twice, again at ${record.partition}/${record.offset}`, "twice")
      }
      others.add(eventId)
      if (!suffix.startsWith("depth")) return
      const book = updates.get(stream) ?? new Updates(stream)
      updates.set(stream, book)
      book.add(original)
    })
  }

  const claims: Array<Claim> = []
  await scan(`${prefix}continuity`, ({ value }) => {
    const claim: unknown = JSON.parse(value.toString())
    if (isClaim(claim)) claims.push(claim)
    else say(`continuity: ${value.toString()}`)
  })
  const allowed = new Set([
    "gap-filled",
    ...(expect.mayOpenGaps === true ? ["gap-opened"] : []),
    ...(expect.claims ?? [])
  ])
  let gaps = 0
  for (const claim of claims) {
    const { from, late, stream, to, type } = claim
    const text = `${type} ${stream} ${from}–${to}${late ? " late" : ""} (${claim.reason})`
    if (updates.has(stream) && type === "gap-opened") {
      // What followed may not have been stored: a part of the hole is said then, and later the whole.
      const isTrue = updates.get(stream)?.holes.some(([first, last]) => first <= (from ?? 0) && (to ?? 0) <= last)
      if (isTrue !== true) say(`untrue: ${text}`, "untrue")
      continue
    }
    if (!allowed.has(type)) say(`not expected: ${text}`, "claim")
    if (!GAPS.has(type)) continue
    gaps++
    const why = series.get(stream)?.refute(claim)
    if (why !== undefined) say(`untrue: ${text}: ${why}`, "untrue")
  }
  if (gaps > (expect.mostGaps ?? Infinity)) say(`${gaps} gap records, ${expect.mostGaps} at most are expected`)

  const total = { generated: 0, missing: 0, outOfOrder: 0, late: 0, mutated: 0, backfilled: 0 }
  for (const [stream, one] of series) {
    const opened = claims.filter(({ stream: name, type }) => name === stream && type === "gap-opened")
    const { generated, late, missing, step, unexplained } = one.report(opened, expect.fromFirstStored ?? false)
    const outOfOrder = [...one.outOfOrder, ...unexplained]
    total.generated += generated
    total.missing += missing.length
    total.outOfOrder += outOfOrder.length
    total.late += late
    total.mutated += one.mutated
    total.backfilled += one.backfilled
    duplicated += one.duplicated
    if (missing.length > 0) say(`${stream}: missing ${rangesOf(missing, step)}`, "missing")
    if (outOfOrder.length > 0) say(`${stream}: out of order ${rangesOf(outOfOrder, step)}`, "order")
    for (const example of one.examples) say(example, "example")
  }
  for (const { faults: found, holes } of updates.values()) {
    for (const fault of found) say(fault)
    total.outOfOrder += found.length
    for (const [first, last] of holes) {
      const isSaid = claims.some(({ from, to, type }) => type === "gap-opened" && from === first && to === last)
      if (isSaid) continue
      total.missing++
      say(`depth: ${first}–${last} is missing and nothing says so`)
    }
  }
  if (total.generated === 0) say("nothing was generated: there is nothing to judge")

  let deadLetters = 0
  await scan(`${prefix}dead_letter`, ({ headers, value }) => {
    if (deadLetters++ < EXAMPLES && expect.deadLetters === undefined) {
      say(`dead letter: ${headers["dlq.reason"]}: ${value.toString().slice(0, 200)}`)
    }
  })
  if (expect.deadLetters?.(deadLetters) === false) say(`${deadLetters} dead letters`)

  return { ...total, duplicated, gaps, deadLetters, faults }
}
