/** How long records took until the sink had stored them: what every sink counts by plain code for each of them. */
import { Clock, Effect } from "effect"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import * as plain from "../services/telemetry/plain.ts"
import * as Telemetry from "../services/Telemetry.ts"

export const make = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const sinkToAck = yield* plain.histogram(Telemetry.sinkToAckSeconds)
  const endToEnd = yield* plain.histogram(Telemetry.endToEndSeconds)
  return {
    /** Unix ms, for `takenAt` and `now`. */
    now: (): number => clock.currentTimeMillisUnsafe(),
    /** What came from the history or is a record of our own has no way from the exchange. */
    count: ({ receivedAt, timestamp }: SinkRecord, takenAt: number, now: number): void => {
      sinkToAck((now - takenAt) / 1000)
      if (receivedAt !== undefined) endToEnd((now - timestamp) / 1000)
    }
  }
})

export type Acknowledged = Effect.Success<typeof make>
