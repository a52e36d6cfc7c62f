/**
 * The value of a record on the continuity topic: what a reader may trust, stream by stream. Its key is the stream.
 *
 * - `gap-opened`: live went past the ids `from` to `to`, which were not received.
 * - `gap-filled`: they are there now; `late` if newer ones were published before them.
 * - `gap-confirmed`: the exchange has no such ids either.
 * - `sequence-reset`: the exchange counts anew.
 * - `rollover`: another connection took over; `stale`: the stream is mute; `overflow`: these were dropped.
 * - `joined`: the stream is carried from now on; `left`: it is not any more, its last id was `to`. What it missed in between is
 *   missing until it joins again, and then treated as after a restart.
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
    "overflow",
    "joined",
    "left"
  ]),
  stream: Schema.NonEmptyString.annotate({ description: "Its name as in BINANCE_STREAMS; also the record's key." }),
  market: Schema.optionalKey(
    Schema.Literal("usdm").annotate({ description: "USD-M futures; of spot there is no such field." })
  ),
  symbol: Schema.NullOr(Schema.NonEmptyString).annotate({ description: "Null for a stream of every symbol." }),
  from: Schema.NullOr(Schema.Int).annotate({
    description: "An id, or Unix milliseconds where the stream has none; inclusive. Null where no span is concerned."
  }),
  to: Schema.NullOr(Schema.Int).annotate({ description: "As from; inclusive." }),
  reason: Schema.String.annotate({ description: "For people; its words may change." }),
  late: Schema.Boolean.annotate({ description: "Newer ones were published before." }),
  instance: Schema.NonEmptyString.annotate({ description: "The process that wrote it." }),
  at: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0)).annotate({
    description: "When it was said: Unix milliseconds."
  })
}).annotate({ title: "The value of a record of the continuity topic" })
export type Continuity = typeof Continuity.Type
