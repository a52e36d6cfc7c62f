/** Health as its writers last said it, in memory by nature. */
import { Effect, Layer, Ref } from "effect"
import { type ComponentStatus, Health, type HealthReport } from "../services/Health.ts"

export const layer: Layer.Layer<Health> = Layer.effect(
  Health,
  Effect.gen(function* () {
    const sink = yield* Ref.make<ComponentStatus>({ state: "starting", detail: "not connected yet" })
    const connections = yield* Ref.make<Readonly<Record<string, ComponentStatus>>>({})
    return Health.of({
      sink: (status) => Ref.set(sink, status),
      connection: (name, status) => Ref.update(connections, (all) => ({ ...all, [name]: status })),
      report: Effect.gen(function* () {
        const report: Omit<HealthReport, "ready"> = {
          sink: yield* Ref.get(sink),
          connections: yield* Ref.get(connections)
        }
        const live = Object.values(report.connections).some(({ state }) => state === "up")
        return { ready: report.sink.state === "up" && live, ...report }
      })
    })
  })
)
