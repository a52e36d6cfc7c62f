/**
 * The value of a record on the continuity topic: what a reader may trust, stream by stream. Its key is the stream.
 *
 * - `gap-opened`: live went past the ids `from` to `to`, which were not received.
 * - `gap-filled`: they are there now; `late` if newer ones were published before them.
 * - `gap-confirmed`: the exchange has no such ids either.
 * - `sequence-reset`: the exchange counts anew.
 * - `rollover`: another connection took over; `stale`: the stream is mute; `overflow`: these were dropped.
 */
import { Schema } from "effect"

export const Continuity = Schema.Struct({
  v: Schema.Literal(1),
  type: Schema.Literals([
    "gap-opened",
    "gap-filled",
    "gap-confirmed",
    "sequence-reset",
    "rollover",
    "stale",
    "overflow"
  ]),
  stream: Schema.NonEmptyString,
  /** Null in what concerns a stream of every symbol. */
  symbol: Schema.NullOr(Schema.NonEmptyString),
  /** Ids, or Unix ms where the stream has none; both inclusive, null where no span is concerned. */
  from: Schema.NullOr(Schema.Int),
  to: Schema.NullOr(Schema.Int),
  reason: Schema.String,
  late: Schema.Boolean,
  /** The process that wrote it. */
  instance: Schema.NonEmptyString,
  /** Unix ms. */
  at: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
})
export type Continuity = typeof Continuity.Type
