/**
 * What is said of gaps is kept where there is no room for what is in them. Late records that are not kept leave their gap open,
 * whatever else is said of it: a later start would not know of them.
 */
import { Effect, Option, Schema } from "effect"
import * as ContinuityRecord from "../../pipeline/ContinuityRecord.ts"
import { Continuity } from "../../schema/Continuity.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import { Instance } from "../../services/Instance.ts"
import * as Streams from "../../services/Streams.ts"
import type { Overflows, Span } from "./Overflows.ts"

const decode = Schema.decodeUnknownOption(Schema.fromJsonString(Continuity))
const utf8 = new TextDecoder()

export const make = Effect.fnUntraced(function* ({ lateOf, newlyLate }: Pick<Overflows, "lateOf" | "newlyLate">) {
  const { binance, topics } = yield* AppConfig
  const { known } = yield* Streams.streams
  const instance = yield* Instance
  const symbolOf = (stream: string) => known().find(({ name }) => name === stream)?.symbol ?? null

  const opened = ({ from, stream, to }: Span, at: number): SinkRecord =>
    ContinuityRecord.make(
      { market: binance.market.name, topic: topics.continuity, instance, at },
      {
        type: "gap-opened",
        stream,
        symbol: symbolOf(stream),
        from,
        to,
        reason: "it could not be kept",
        late: false
      }
    )

  /** What of this is not kept though it says that it is there. */
  const missing = ({ value }: SinkRecord): ReadonlyArray<Span> => {
    const said = Option.getOrUndefined(decode(utf8.decode(value)))
    if (said?.type !== "gap-filled" || !said.late || said.from === null || said.to === null) return []
    return lateOf({ stream: said.stream, from: said.from, to: said.to })
  }

  const is = ({ topic }: SinkRecord): boolean => topic === topics.continuity

  return {
    is,
    /** The same, and behind it what is to be said besides. */
    completed: (batch: ReadonlyArray<SinkRecord>, at: number): ReadonlyArray<SinkRecord> => {
      const spans = [...newlyLate(), ...batch.filter(is).flatMap(missing)]
      return spans.length === 0 ? batch : [...batch, ...spans.map((span) => opened(span, at))]
    }
  }
})

export type Statements = Effect.Success<ReturnType<typeof make>>
