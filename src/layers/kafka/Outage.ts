/**
 * Tells people whether delivery works: the first failure is a warning, and so is another reason, once in an outage; the end
 * of the last failure is a line with the duration. Health is down once an outage has lasted `TOLERATED`.
 */
import { Clock, Duration, Effect } from "effect"
import { Health } from "../../services/Health.ts"
import type { KafkaError } from "../../services/KafkaDriver.ts"
import { Status } from "../../services/Status.ts"

/** A new leader is elected sooner; a probe should not fail for that. */
const TOLERATED = Duration.seconds(5)

export interface Outage {
  /** Something failed and will be tried again. `what` tells it from others: a partition, or the connection. */
  readonly failed: (what: string, error: KafkaError) => Effect.Effect<void>
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
  let detail = ""
  let up = false

  const down = Effect.suspend(() => {
    up = false
    return health.sink({ state: "down", detail })
  })

  const failed = Effect.fnUntraced(function* (what: string, error: KafkaError) {
    const since = yield* Clock.currentTimeMillis
    const begins = outage === undefined
    const current = (outage ??= { since, warned: new Set() })
    failing.add(what)
    detail = `${what}: ${error.message}`
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

  const works = Effect.fnUntraced(function* (what: string) {
    failing.delete(what)
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

  return { failed, works } satisfies Outage
})
