/** What the positions topic holds: under a stream's name, the last record that was known to be stored, and where it is. */
import { Option, Schema } from "effect"
import * as EventId from "../../schema/EventId.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { MarketName } from "../../schema/StreamKind.ts"

const Whole = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))

export const StoredPosition = Schema.Struct({
  v: Schema.Literal(1),
  topic: Schema.NonEmptyString,
  partition: Whole,
  offset: Whole,
  seen: Whole.annotate({
    description:
      "Below this offset of the partition nothing is left to be read of the stream, nor of what the continuity topic says of it, but for `late`."
  }),
  eventId: Schema.NonEmptyString,
  last: Schema.Int.annotate({ description: "The highest id; of candles the close time." }),
  at: Schema.Int.annotate({ description: "Its event time: Unix milliseconds." }),
  late: Schema.Array(Schema.Struct({ first: Schema.Int, last: Schema.Int })).annotate({
    description:
      "The ids below last that were written late, into a gap, and of which the continuity topic does not say so yet."
  })
}).annotate({ title: "The value of a record of the positions topic; its key is the stream" })
export type StoredPosition = typeof StoredPosition.Type

const Json = Schema.fromJsonString(StoredPosition)
const utf8 = new TextDecoder()
const parse = Schema.decodeUnknownOption(Json)

/** Undefined for what no connector of this kind has written. */
export const decode = ({ value }: Pick<SinkRecord, "value">): StoredPosition | undefined =>
  Option.getOrUndefined(parse(utf8.decode(value)))

/** `at`: now, Unix ms. */
export const toRecord = (
  { market, topic }: { readonly market: MarketName; readonly topic: string },
  stream: string,
  position: StoredPosition,
  at: number
): SinkRecord => ({
  topic,
  key: stream,
  value: Buffer.from(JSON.stringify(position)),
  timestamp: at,
  headers: {
    "event-id": `${EventId.headOf(market)}position:${stream}:${position.topic}/${position.partition}:${position.offset}`,
    "content-type": "application/json"
  }
})
