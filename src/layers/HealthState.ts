/** Health as its writers last said it, in memory by nature. */
import { Effect, HashMap, Layer, Ref } from "effect"
import { Status } from "../services/Status.ts"
import { type ComponentStatus, type GroupStatus, Health, type HealthReport } from "../services/Health.ts"

export const layer: Layer.Layer<Health> = Layer.effect(
  Health,
  Effect.gen(function* () {
    const status = yield* Status
    const sink = yield* Ref.make<ComponentStatus>({ state: "starting", detail: "not connected yet" })
    const resume = yield* Ref.make<ComponentStatus>({ state: "up", detail: "nothing to catch up with" })
    const group = yield* Ref.make<GroupStatus | undefined>(undefined)
    const connections = yield* Ref.make(new Map<string, ComponentStatus>())
    const degraded = yield* Ref.make(HashMap.empty<string, string>())
    return Health.of({
      sink: (status) => Ref.set(sink, status),
      resume: (status) => Ref.set(resume, status),
      group: (status) => Ref.set(group, status),
      connection: (name, status) =>
        Ref.update(connections, (all) => {
          const next = new Map(all)
          if (status === undefined) next.delete(name)
          else next.set(name, status)
          return next
        }),
      trouble: (name, detail) =>
        Ref.update(degraded, (all) =>
          detail === undefined ? HashMap.remove(all, name) : HashMap.set(all, name, detail)
        ),
      report: Effect.gen(function* () {
        const ofGroup = yield* Ref.get(group)
        const parts: Omit<HealthReport, "ready" | "status"> = {
          ...(ofGroup === undefined ? {} : { group: ofGroup }),
          sink: yield* Ref.get(sink),
          resume: yield* Ref.get(resume),
          connections: Object.fromEntries(yield* Ref.get(connections)),
          degraded: Object.fromEntries([
            ...(yield* Ref.get(degraded)),
            ...status.troubles().map(({ name, text }) => [name, text] as const)
          ])
        }
        const states = new Set(Object.values(parts.connections).map(({ state }) => state))
        const live = states.has("up") || ofGroup?.hasStreams === false
        const joined = ofGroup === undefined || ofGroup.state === "up"
        const ready = parts.sink.state === "up" && live && joined && parts.resume.state !== "starting"
        const well = Object.keys(parts.degraded).length === 0 && !states.has("down")
        return { ready, status: ready ? (well ? "ok" : "degraded") : "unready", ...parts }
      })
    })
  })
)
