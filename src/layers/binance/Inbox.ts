/**
 * Between the sockets' callbacks and the pipeline: takes every frame at once and, when the pipeline is slower, stops reading
 * from the sockets, so that memory stays bounded and TCP holds the exchange back. Nothing is dropped. A frame that comes alone
 * waits a moment for others: to wake the pipeline costs more than to serve many frames.
 */
import { Cause, type Duration, Effect, Latch, Queue, Schedule, type Scope, Stream } from "effect"
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
    const queue = yield* Queue.unbounded<Frame, Cause.Done>()
    const arrived = yield* Latch.make(false)
    const sockets = new Set<Pausable>()
    let ended = false
    let waiting = 0
    let held = 0
    let offered = 0
    let paused = false
    let pauses = 0
    yield* plain.gauge(Telemetry.inboxBytes, () => held)
    yield* plain.total(Telemetry.inboxPauses, () => pauses)

    const taken = (frames: ReadonlyArray<Frame>) =>
      Effect.sync(() => {
        waiting -= frames.length
        for (const frame of frames) held -= frame.bytes.byteLength
        if (paused && held < PAUSE_BYTES / 2) {
          paused = false
          for (const socket of sockets) socket.resume()
        }
      })

    const company = Effect.suspend(() => {
      if (ended || waiting >= ENOUGH) return Effect.void
      if (waiting === 0) arrived.closeUnsafe()
      return Effect.andThen(arrived.await, Effect.sleep(wait))
    })

    const close = Effect.sync(() => {
      ended = true
      arrived.openUnsafe()
    })

    return {
      offer: (frame) => {
        held += frame.bytes.byteLength
        offered++
        Queue.offerUnsafe(queue, frame)
        if (++waiting === 1) arrived.openUnsafe()
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
      frames: Stream.transformPull(Stream.fromQueue(queue), (pull) =>
        Effect.succeed(Effect.andThen(company, pull))
      ).pipe(Stream.mapArrayEffect((frames) => Effect.as(taken(frames), frames))),
      passed: Effect.suspend(() => {
        const until = offered
        return Effect.repeat(
          Effect.sync(() => offered - waiting >= until),
          { until: (isSo) => isSo, schedule: PASSING }
        ).pipe(Effect.asVoid)
      }),
      end: Effect.andThen(Queue.end(queue), close),
      fail: (cause) =>
        Cause.hasInterruptsOnly(cause) ? Effect.void : Effect.andThen(Queue.failCause(queue, cause), close)
    }
  }
)
