/** Where an earlier run stopped: its positions, and whether the program has caught up with the exchange since. */
import { Clock, Duration, Effect, Schedule } from "effect"
import type { StreamName } from "../schema/StreamName.ts"
import { Health } from "../services/Health.ts"
import { Positions } from "../services/Positions.ts"

const LOOK_EVERY = Duration.millis(250)

export const load = Effect.fnUntraced(function* (streams: ReadonlyArray<StreamName>) {
  const health = yield* Health
  const { isKept, load } = yield* Positions
  const startedAt = yield* Clock.currentTimeMillis

  yield* health.resume({ state: "starting", detail: "reading where an earlier run stopped" })
  const positions = yield* Effect.withSpan(load(streams), "resume.positions")
  if (positions.size > 0) {
    yield* Effect.logInfo("Going on where an earlier run stopped").pipe(
      Effect.annotateLogs({
        streams: positions.size,
        read: Duration.format(Duration.millis((yield* Clock.currentTimeMillis) - startedAt))
      })
    )
  }

  const upToDate = Effect.gen(function* () {
    yield* health.resume({ state: "up", detail: "up to date" })
    if (positions.size === 0) return
    const took = Duration.millis((yield* Clock.currentTimeMillis) - startedAt)
    yield* Effect.logInfo("Caught up with the exchange").pipe(Effect.annotateLogs({ after: Duration.format(took) }))
  })

  return {
    positions,
    /** What is published is read back by the next start. */
    isKept,
    /** Tells the probes, until nothing is behind any more. */
    watch: (behind: () => ReadonlyArray<StreamName>) =>
      Effect.suspend(() => {
        const { length } = behind()
        const detail = `${length} streams are behind`
        return Effect.as(length === 0 ? Effect.void : health.resume({ state: "starting", detail }), length)
      }).pipe(
        Effect.repeat({ until: (length) => length === 0, schedule: Schedule.spaced(LOOK_EVERY) }),
        Effect.andThen(upToDate)
      )
  }
})
