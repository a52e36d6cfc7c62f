/** The figures of `Status` and the judgement of `Health`, joined for people. */
import { Effect } from "effect"
import type { StatusReport } from "../../schema/StatusReport.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import { Health } from "../../services/Health.ts"
import { Instance } from "../../services/Instance.ts"
import { newConnection, newStream, Status } from "../../services/Status.ts"
import { reasonsOf } from "./reasons.ts"

/** What is wrong with a stream may be said of its name with a word behind. */
const troubles = (degraded: Readonly<Record<string, string>>): ReadonlyMap<string, string> =>
  new Map(
    Object.entries(degraded).map(([name, detail]) => {
      const [stream = name, ...more] = name.split(" ")
      return [stream, [detail, ...more].join(" ")]
    })
  )

/** Gives the report as it is whenever it is run. */
export const make = Effect.map(
  Effect.all({ settings: AppConfig, health: Health, instance: Instance, status: Status }),
  ({ health, instance, settings, status }): Effect.Effect<StatusReport> =>
    Effect.map(health.report, (judged) => {
      const { connections, streams, ...figures } = status.figures()
      const trouble = troubles(judged.degraded)
      return {
        v: 1,
        ...figures,
        instance,
        state: judged.status,
        reasons: reasonsOf(judged),
        sink: { name: settings.sink, ...judged.sink },
        connections: Object.entries(judged.connections).map(([name, { detail, state }]) => ({
          name,
          state,
          detail,
          ...(connections.get(name) ?? { ...newConnection(), rate: 0 })
        })),
        streams: settings.binance.streams.map(({ name }) => ({
          name,
          ...(streams.get(name) ?? { ...newStream(), rate: 0 }),
          trouble: trouble.get(name) ?? null
        }))
      }
    })
)
