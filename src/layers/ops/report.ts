/** The figures of `Status` and the judgement of `Health`, joined for people. */
import { Effect, Option } from "effect"
import type { Settings } from "../../schema/Settings.ts"
import type { StatusReport } from "../../schema/StatusReport.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import { Health, type HealthReport } from "../../services/Health.ts"
import { Instance } from "../../services/Instance.ts"
import { newConnection, newStream, Status } from "../../services/Status.ts"
import { reasonsOf } from "./reasons.ts"

/** What is wrong with a stream may be said of its name with a kind behind. */
const troublesOf = (degraded: Readonly<Record<string, string>>): ReadonlyMap<string, string> => {
  const bySubject = Map.groupBy(Object.entries(degraded), ([name]) => name.split(" ", 1).join(""))
  return new Map(
    Array.from(bySubject, ([subject, all]) => [
      subject,
      all.map(([name, detail]) => `${detail}${name.slice(subject.length)}`).join("; ")
    ])
  )
}

const groupOf = ({ group }: Settings, judged: HealthReport): Pick<StatusReport, "group"> => {
  if (Option.isNone(group) || judged.group === undefined) return {}
  const { id, shards: of } = group.value
  const { detail, shards, state } = judged.group
  return { group: { id, state, detail, of, shards } }
}

/** Gives the report as it is whenever it is run. */
export const make = Effect.map(
  Effect.all({ settings: AppConfig, health: Health, instance: Instance, status: Status }),
  ({ health, instance, settings, status }): Effect.Effect<StatusReport> =>
    Effect.map(health.report, (judged) => {
      const { carried, connections, streams, ...figures } = status.figures()
      // Before they are carried they are those that are named; in a group, those of the shards that are ours.
      const isNamed = carried.length === 0 && Option.isNone(settings.group)
      const names = isNamed ? settings.binance.streams.map(({ name }) => name) : carried
      const trouble = troublesOf(judged.degraded)
      return {
        v: 1,
        ...figures,
        instance,
        state: judged.status,
        reasons: reasonsOf(judged),
        troubles: status.troubles(),
        ...groupOf(settings, judged),
        sink: { name: settings.sink, ...judged.sink },
        connections: Object.entries(judged.connections).map(([name, { detail, state }]) => ({
          name,
          state,
          detail,
          ...(connections.get(name) ?? { ...newConnection(), rate: 0 })
        })),
        streams: names.map((name) => ({
          name,
          ...(streams.get(name) ?? { ...newStream(), rate: 0 }),
          trouble: trouble.get(name) ?? null
        }))
      }
    })
)
