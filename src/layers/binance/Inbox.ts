/**
 * Between the sockets' callbacks and the pipeline: takes every frame at once and, when the pipeline is slower, stops reading
 * from the sockets, so that memory stays bounded and TCP holds the exchange back. Nothing is dropped. A frame that comes alone
 * waits a moment for others: to wake the pipeline costs more than to serve many frames.
 */
import { Array as Arr, Cause, type Duration, Effect, Latch, type Pull, Schedule, type Scope, Stream } from "effect"
import type { Frame } from "../../services/MarketFeed.ts"
import * as plain from "../../services/telemetry/plain.ts"
import * as Telemetry from "../../services/Telemetry.ts"

/** Some 2,500 trades: what waits beyond them waits as well in the socket, and is not collected as garbage again and again. */
const PAUSE_BYTES = 512 * 1024

/** So many frames do not wait for others. */
const ENOUGH = 64

/** How often it is looked whether what it held has come out. */
const PASSING = Schedule.spaced("20 millis")

/** What can be told to stop and to go on reading. */
export interface Pausable {
  readonly pause: () => void
  readonly resume: () => void
}

export interface Inbox {
  readonly offer: (frame: Frame) => void
  readonly attach: (socket: Pausable) => void
  readonly detach: (socket: Pausable) => void
  readonly isPaused: () => boolean
  /** How often it has paused. */
  readonly pauses: () => number
  readonly frames: Stream.Stream<Frame>
  /** Completes when all that it holds now has come out of `frames`. */
  readonly passed: Effect.Effect<void>
  /** What is held still comes out of `frames`, then it ends. */
  readonly end: Effect.Effect<void>
  /** `frames` fails with a defect: a connection's fiber has died of a bug. */
  readonly fail: (cause: Cause.Cause<never>) => Effect.Effect<void>
}

/** `wait`: how long a frame waits for others. */
export const make: (wait: Duration.Duration) => Effect.Effect<Inbox, never, Scope.Scope> = Effect.fnUntraced(
  function* (wait) {
    const arrived = yield* Latch.make(false)
    const sockets = new Set<Pausable>()
    let waiting: Array<Frame> = []
    /** What comes behind the last frame. */
    let end: Effect.Effect<never, Cause.Done> | undefined
    let held = 0
    let offered = 0
    let paused = false
    let pauses = 0
    yield* plain.gauge(Telemetry.inboxBytes, () => held)
    yield* plain.total(Telemetry.inboxPauses, () => pauses)

    const take = Effect.suspend((): Pull.Pull<Arr.NonEmptyReadonlyArray<Frame>> => {
      const frames = waiting
      if (!Arr.isReadonlyArrayNonEmpty(frames)) return end ?? company
      waiting = []
      held = 0
      if (paused) {
        paused = false
        for (const socket of sockets) socket.resume()
      }
      return Effect.succeed(frames)
    })

    const company: Pull.Pull<Arr.NonEmptyReadonlyArray<Frame>> = Effect.suspend(() => {
      if (end !== undefined || waiting.length >= ENOUGH) return take
      if (waiting.length === 0) arrived.closeUnsafe()
      return Effect.andThen(Effect.andThen(arrived.await, Effect.sleep(wait)), take)
    })

    /** What is held still comes out before it. */
    const endWith = (last: Effect.Effect<never, Cause.Done>) =>
      Effect.sync(() => {
        end ??= last
        arrived.openUnsafe()
      })

    return {
      offer: (frame) => {
        if (end !== undefined) return
        held += frame.bytes.byteLength
        offered++
        if (waiting.push(frame) === 1) arrived.openUnsafe()
        if (!paused && held > PAUSE_BYTES) {
          paused = true
          pauses++
          for (const socket of sockets) socket.pause()
        }
      },
      attach: (socket) => {
        sockets.add(socket)
        if (paused) socket.pause()
      },
      detach: (socket) => {
        sockets.delete(socket)
      },
      isPaused: () => paused,
      pauses: () => pauses,
      frames: Stream.fromPull(Effect.succeed(company)),
      passed: Effect.suspend(() => {
        const until = offered
        return Effect.repeat(
          Effect.sync(() => offered - waiting.length >= until),
          { until: (isSo) => isSo, schedule: PASSING }
        ).pipe(Effect.asVoid)
      }),
      end: endWith(Cause.done()),
      fail: (cause) => (Cause.hasInterruptsOnly(cause) ? Effect.void : endWith(Effect.failCause(cause)))
    }
  }
)
