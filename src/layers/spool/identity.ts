/** Which stream a record is of, and where in it: read from its `event-id` (`binance:spot:kline_1m:BTCUSDT:1700000000000`). */
import * as EventId from "../../schema/EventId.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { MarketName } from "../../schema/StreamKind.ts"

export interface Identity {
  /** Whose stream it is: another market has one of the same name. Of dead letters and control records it is not told. */
  readonly market: MarketName | undefined
  /** The stream's name; of dead letters and control records the key. */
  readonly stream: string
  /** Ids as in the `event-id`, of what has none Unix ms; both the same for all but depth updates. */
  readonly first: number
  readonly last: number
  /** The exchange has it still: a trade, an aggregate trade, a closed candle. */
  readonly replayable: boolean
  /** Its stream may go on after it: any event but a late one, and an open candle, which comes before its closed one. */
  readonly resumable: boolean
  /** It fills a gap that newer ones had passed. */
  readonly late: boolean
}

/** Exact, or with a digest behind it; a depth update covers two ids. */
const ID = /^(\d+)(?:-(\d+))?(:[\da-f]{8})?$/
const REPLAYABLE = /^(?:trade$|aggTrade$|kline_)/

/** How the envelope of a late record ends: its last mark. */
const LATE = Buffer.from(',"late":true}')

const isLate = ({ value }: SinkRecord): boolean =>
  value.byteLength > LATE.length && LATE.equals(value.subarray(value.byteLength - LATE.length))

const streamOf = (suffix: string, symbol: string): string =>
  suffix.startsWith("!") ? suffix : `${symbol.toLowerCase()}@${suffix}`

const unknown = ({ key, timestamp }: SinkRecord): Identity => ({
  market: undefined,
  stream: key,
  first: timestamp,
  last: timestamp,
  replayable: false,
  resumable: false,
  late: false
})

export const identify = (record: SinkRecord): Identity => {
  const { headers, key } = record
  const id = EventId.parse(headers["event-id"] ?? "", key)
  const [, first, last = first, digest] = ID.exec(id?.rest ?? "") ?? []
  if (headers["dlq.reason"] !== undefined || id === undefined || first === undefined) return unknown(record)
  const { market, suffix } = id
  const exact = digest === undefined
  const late = isLate(record)
  return {
    market,
    stream: streamOf(suffix, key),
    first: Number(first),
    last: Number(last),
    replayable: exact && REPLAYABLE.test(suffix),
    resumable: !late && (exact || !suffix.startsWith("kline_")),
    late
  }
}
