/**
 * Where an earlier run stopped, and whether the program has caught up with the exchange since. The feed waits for it; where
 * the sink does not answer, only for a while: then what lies between is a gap as soon as it is known.
 */
import { Clock, Duration, Effect, Fiber, Option, Schedule, Schema } from "effect"
import { Continuity } from "../schema/Continuity.ts"
import type { StreamName } from "../schema/StreamName.ts"
import { AppConfig } from "../services/AppConfig.ts"
import type { SinkError } from "../services/EventSink.ts"
import { Health } from "../services/Health.ts"
import { nothingStored, Positions, type Standings } from "../services/Positions.ts"
import { type Held, nothingHeld, Spool } from "../services/Spool.ts"
import * as Traces from "../services/Traces.ts"
import * as Standing from "./Standing.ts"

const LOOK_EVERY = Duration.millis(250)

/** Longer than a healthy sink takes. */
const WAIT = Duration.seconds(10)

type Known = ReadonlyMap<string, Standing.Position>

export interface Resume {
  /** What is published is read back by the next start. */
  readonly isKept: boolean
  /** What is known before the feed starts. */
  readonly known: Option.Option<Known>
  /** The same of streams that join later; what becomes known too late for that is given to `resume`. */
  readonly join: (
    streams: ReadonlyArray<StreamName>,
    resume: (positions: Known) => Effect.Effect<void>
  ) => Effect.Effect<Known, SinkError>
  /**
   * Gives what becomes known later to `resume`, and tells the probes until nothing is behind any more. `given` completes when
   * all that was published until then is the sink's.
   */
  readonly run: (
    resume: (positions: Known) => Effect.Effect<void>,
    given: Effect.Effect<void>,
    behind: () => ReadonlyArray<StreamName>
  ) => Effect.Effect<void, SinkError>
}

const decodeContinuity = Schema.decodeUnknownOption(Schema.fromJsonString(Continuity))
const utf8 = new TextDecoder()

/** What the sink has stored, and behind it what waits on the disk to be stored before anything else. */
const merged = (stored: Standings, held: Held): Known => {
  const stands = new Map(stored.stands)
  for (const [stream, waiting] of held.streams) {
    const there = stands.get(stream)
    stands.set(stream, there === undefined ? waiting : Standing.joined(there, waiting))
  }
  const waiting = held.continuity.flatMap(({ value }) => Option.toArray(decodeContinuity(utf8.decode(value))))
  return Standing.positions(stands, [...stored.said, ...waiting])
}

export const make = Effect.fnUntraced(function* (streams: ReadonlyArray<StreamName>) {
  const { feed } = yield* AppConfig
  const scope = yield* Effect.scope
  const health = yield* Health
  const spool = yield* Spool
  const stands = yield* Positions
  // A recording is played from its beginning, whatever the sink holds.
  const isResuming = feed !== "replay"
  const isKept = isResuming && stands.isKept
  const startedAt = yield* Clock.currentTimeMillis
  const elapsed = Effect.map(Clock.currentTimeMillis, (now) => Duration.format(Duration.millis(now - startedAt)))

  yield* health.resume({ state: "starting", detail: "reading where an earlier run stopped" })
  const held = isResuming ? yield* spool.held : nothingHeld
  /** Where these stand: at once if that is known in time, and whenever it is. */
  const read = Effect.fnUntraced(function* (streams: ReadonlyArray<StreamName>) {
    const names = new Set(streams.map(({ name }) => name))
    const ours = (positions: Known): Known => new Map([...positions].filter(([name]) => names.has(name)))
    const loading = yield* (isResuming ? stands.load(streams) : Effect.succeed(nothingStored)).pipe(
      Effect.withSpan(Traces.RESUME, { root: true }),
      Effect.forkIn(scope)
    )
    const positions = Effect.map(Fiber.join(loading), (stored) => ours(merged(stored, held)))
    const known = yield* Effect.timeoutOption(positions, WAIT)
    if (Option.isNone(known)) {
      yield* Effect.logWarning(
        "It is not known yet where an earlier run stopped: live begins, what lies between follows late"
      )
    }
    return { known, positions }
  })
  const { known, positions } = yield* read(streams)

  const resume: Resume = {
    isKept,
    known,
    join: Effect.fnUntraced(function* (joined, resume) {
      if (joined.length === 0) return new Map()
      const { known, positions } = yield* read(joined)
      if (Option.isSome(known)) return known.value
      yield* Effect.forkIn(Effect.flatMap(positions, resume), scope)
      return new Map()
    }),
    run: Effect.fnUntraced(function* (resume, given, behind) {
      const all = yield* positions
      if (Option.isNone(known)) yield* resume(all)
      yield* given
      if (isResuming) yield* stands.begin
      if (all.size > 0) {
        yield* Effect.logInfo("Going on where an earlier run stopped").pipe(
          Effect.annotateLogs({ streams: all.size, after: yield* elapsed })
        )
      }
      yield* Effect.sync(behind).pipe(
        Effect.tap(({ length }) =>
          length === 0
            ? Effect.void
            : health.resume({ state: "starting", detail: `${length} streams are behind the exchange` })
        ),
        Effect.repeat({ until: ({ length }) => length === 0, schedule: Schedule.spaced(LOOK_EVERY) })
      )
      yield* health.resume({ state: "up", detail: "up to date" })
      if (all.size > 0) {
        yield* Effect.logInfo("Caught up with the exchange").pipe(Effect.annotateLogs({ after: yield* elapsed }))
      }
    })
  }
  return resume
})
