/** Health as its writers last said it, in memory by nature. */
import { Effect, HashMap, Layer, Ref } from "effect"
import { Status } from "../services/Status.ts"
import { type ComponentStatus, Health, type HealthReport } from "../services/Health.ts"

export const layer: Layer.Layer<Health> = Layer.effect(
  Health,
  Effect.gen(function* () {
    const status = yield* Status
    const sink = yield* Ref.make<ComponentStatus>({ state: "starting", detail: "not connected yet" })
    const resume = yield* Ref.make<ComponentStatus>({ state: "up", detail: "nothing to catch up with" })
    const connections = yield* Ref.make<Readonly<Record<string, ComponentStatus>>>({})
    const degraded = yield* Ref.make(HashMap.empty<string, string>())
    return Health.of({
      sink: (status) => Ref.set(sink, status),
      resume: (status) => Ref.set(resume, status),
      connection: (name, status) =>
        Ref.update(connections, (all) => {
          const { [name]: _, ...others } = all
          return status === undefined ? others : { ...all, [name]: status }
        }),
      trouble: (name, detail) =>
        Ref.update(degraded, (all) =>
          detail === undefined ? HashMap.remove(all, name) : HashMap.set(all, name, detail)
        ),
      report: Effect.gen(function* () {
        const parts: Omit<HealthReport, "ready" | "status"> = {
          sink: yield* Ref.get(sink),
          resume: yield* Ref.get(resume),
          connections: yield* Ref.get(connections),
          degraded: Object.fromEntries([
            ...(yield* Ref.get(degraded)),
            ...status.troubles().map(({ name, text }) => [name, text] as const)
          ])
        }
        const states = new Set(Object.values(parts.connections).map(({ state }) => state))
        const live = states.has("up")
        const ready = parts.sink.state === "up" && live && parts.resume.state !== "starting"
        const well = Object.keys(parts.degraded).length === 0 && !states.has("down")
        return { ready, status: ready ? (well ? "ok" : "degraded") : "unready", ...parts }
      })
    })
  })
)
