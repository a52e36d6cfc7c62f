/** A Health that remembers what it is told: `sinks` gives the sink's states one by one, as they change. */
import { Context, Effect, Layer, Queue } from "effect"
import { type ComponentStatus, Health } from "../../src/services/Health.ts"

export class HealthProbe extends Context.Service<
  HealthProbe,
  { readonly sinks: Queue.Queue<ComponentStatus>; readonly connections: Map<string, ComponentStatus> }
>()("binance-kafka/test/HealthProbe") {}

export const layer = Layer.effectContext(
  Effect.gen(function* () {
    const sinks = yield* Queue.unbounded<ComponentStatus>()
    const connections = new Map<string, ComponentStatus>()
    const health = Health.of({
      sink: (status) => Effect.asVoid(Queue.offer(sinks, status)),
      connection: (name, status) =>
        Effect.sync(() => void (status === undefined ? connections.delete(name) : connections.set(name, status))),
      resume: () => Effect.void,
      group: () => Effect.void,
      trouble: () => Effect.void,
      report: Effect.die("the probe gives no report")
    })
    return Context.make(Health, health).pipe(Context.add(HealthProbe, { sinks, connections }))
  })
)
