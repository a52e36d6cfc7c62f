/**
 * The health of a process as that of its shards together: it is as well as the one that is worst. What a shard has said ends
 * with it.
 */
import { Effect, type Scope } from "effect"
import { type ComponentStatus, Health } from "../../services/Health.ts"

type Statuses = ReadonlyMap<number, ComponentStatus>

const ORDER: ReadonlyArray<ComponentStatus["state"]> = ["down", "starting", "up"]

/** The worst of them, and which shard's it is. */
const worst = (statuses: Statuses, none: string): ComponentStatus => {
  for (const state of ORDER) {
    const [found, ...more] = Array.from(statuses).filter(([, status]) => status.state === state)
    if (found === undefined) continue
    const [shard, { detail }] = found
    const others = more.length > 0 ? ` (and ${more.length} more)` : ""
    return { state, detail: state === "up" ? detail : `shard ${shard}: ${detail}${others}` }
  }
  return { state: "up", detail: none }
}

/** Puts a shard before what is its own. */
export const nameOf = (shard: number, name: string): string => `shard-${shard}/${name}`

export interface ShardHealth {
  /** That of one shard, as long as it runs. */
  readonly of: (shard: number) => Effect.Effect<Health["Service"], never, Scope.Scope>
}

export const make = Effect.gen(function* () {
  const health = yield* Health
  const sinks = new Map<number, ComponentStatus>()
  const resumes = new Map<number, ComponentStatus>()

  const tell = Effect.suspend(() =>
    Effect.andThen(
      health.sink(worst(sinks, "no shard writes")),
      health.resume(worst(resumes, "nothing to catch up with"))
    )
  )

  const of: ShardHealth["of"] = Effect.fnUntraced(function* (shard) {
    const connections = new Set<string>()
    const troubles = new Set<string>()

    const starting: ComponentStatus = { state: "starting", detail: "taking over" }
    yield* Effect.acquireRelease(
      Effect.suspend(() => {
        sinks.set(shard, starting)
        resumes.set(shard, starting)
        return tell
      }),
      () =>
        Effect.suspend(() => {
          sinks.delete(shard)
          resumes.delete(shard)
          return Effect.all(
            [
              Effect.forEach(connections, (name) => health.connection(name, undefined), { discard: true }),
              Effect.forEach(troubles, (name) => health.trouble(name, undefined), { discard: true }),
              tell
            ],
            { discard: true }
          )
        })
    )

    return {
      ...health,
      sink: (status) =>
        Effect.andThen(
          Effect.sync(() => void sinks.set(shard, status)),
          tell
        ),
      resume: (status) =>
        Effect.andThen(
          Effect.sync(() => void resumes.set(shard, status)),
          tell
        ),
      connection: (name, status) => {
        connections.add(nameOf(shard, name))
        return health.connection(nameOf(shard, name), status)
      },
      trouble: (name, detail) => {
        troubles.add(name)
        return health.trouble(name, detail)
      }
    }
  })

  yield* tell
  return { of } satisfies ShardHealth
})
