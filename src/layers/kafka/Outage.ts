/**
 * Tells people whether delivery works: the first failure is a warning, and so is another reason, once in an outage; the end
 * of the last failure is a line with the duration. Health is down once an outage has lasted `TOLERATED`.
 */
import { Clock, Duration, Effect } from "effect"
import { Health } from "../../services/Health.ts"
import type { KafkaError } from "../../services/KafkaDriver.ts"
import { Status } from "../../services/Status.ts"

/** What was stored within this time is stored. */
const LATELY = Duration.seconds(3)

/** A new leader is elected sooner; a probe should not fail for that. */
const TOLERATED = Duration.seconds(5)

export interface Outage {
  /** Something failed and will be tried again. `what` tells it from others: a partition, or the connection. */
  readonly failed: (what: string, error: KafkaError) => Effect.Effect<void>
  /** It works. Whether all did before: there is nothing to tell then, and `works` need not run. */
  readonly stillWorks: (what: string) => boolean
  /** It works, or is no longer wanted. */
  readonly works: (what: string) => Effect.Effect<void>
}

export const make = Effect.gen(function* () {
  const health = yield* Health
  const { kafka } = yield* Status
  const scope = yield* Effect.scope
  const failing = new Set<string>()
  /** Since when (Unix ms), and the reasons that it has been warned of. */
  let outage: { readonly since: number; readonly warned: Set<string> } | undefined
  let last: { readonly what: string; readonly message: string } = { what: "", message: "" }
  /** When something else was stored, Unix ms. */
  let othersAt = Number.NEGATIVE_INFINITY
  let up = false

  /** Which topics are not stored, where others are. */
  const unstored = (now: number): ReadonlyArray<string> => {
    if (now - othersAt > Duration.toMillis(LATELY)) return []
    const partitions = [...failing].filter((what) => what.includes("/"))
    return [...new Set(partitions.map((what) => what.slice(0, what.lastIndexOf("/"))))]
  }

  const down = Effect.flatMap(Clock.currentTimeMillis, (now) => {
    up = false
    const topics = unstored(now)
    const where = topics.length === 0 ? last.what : `${topics.join(", ")} (the other topics are stored)`
    return health.sink({ state: "down", detail: `${where}: ${last.message}` })
  })

  const failed = Effect.fnUntraced(function* (what: string, error: KafkaError) {
    const since = yield* Clock.currentTimeMillis
    const begins = outage === undefined
    const current = (outage ??= { since, warned: new Set() })
    failing.add(what)
    last = { what, message: error.message }
    kafka.lastError = { at: since, where: what, kind: error.kind, message: error.message }
    const reason = `${error.kind} ${error.code ?? ""}`
    if (current.warned.has(reason)) return
    current.warned.add(reason)
    if (begins) {
      yield* Effect.sleep(TOLERATED).pipe(
        Effect.andThen(Effect.suspend(() => (outage === current ? down : Effect.void))),
        Effect.forkIn(scope)
      )
    }
    // Time does not heal a wrong password.
    if (error.kind === "Denied") yield* down
    yield* Effect.logWarning("Kafka does not store: records are kept and tried again").pipe(
      Effect.annotateLogs({ kind: error.kind, reason: error.message })
    )
  })

  const recovers = Effect.fnUntraced(function* (what: string) {
    if (!failing.delete(what) && what.includes("/")) othersAt = yield* Clock.currentTimeMillis
    if (failing.size > 0) return
    if (outage !== undefined) {
      const { since } = outage
      outage = undefined
      const lasted = Duration.millis((yield* Clock.currentTimeMillis) - since)
      yield* Effect.logInfo("Kafka stores again").pipe(Effect.annotateLogs({ after: Duration.format(lasted) }))
    }
    if (!up) {
      up = true
      yield* health.sink({ state: "up", detail: "Kafka answers" })
    }
  })

  const clock = yield* Clock.Clock
  const stillWorks: Outage["stillWorks"] = (what) => {
    if (!up || outage !== undefined || failing.size > 0) return false
    if (what.includes("/")) othersAt = clock.currentTimeMillisUnsafe()
    return true
  }
  const works: Outage["works"] = (what) => Effect.suspend(() => (stillWorks(what) ? Effect.void : recovers(what)))

  return { failed, stillWorks, works } satisfies Outage
})
