/** What the probes say, as metrics: asked for whenever these are read. */
import { Effect, Layer } from "effect"
import { Health } from "../services/Health.ts"
import * as plain from "../services/telemetry/plain.ts"
import * as Telemetry from "../services/Telemetry.ts"

export const layer: Layer.Layer<never, never, Health> = Layer.effectDiscard(
  Effect.gen(function* () {
    const { report } = yield* Health
    const context = yield* Effect.context<never>()
    const now = () => Effect.runSyncWith(context)(report)
    yield* plain.gauge(Telemetry.ready, () => Number(now().ready))
    yield* plain.gauge(Telemetry.sinkUp, () => Number(now().sink.state === "up"))
  })
)
