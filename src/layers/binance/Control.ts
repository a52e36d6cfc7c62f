/**
 * What we send on a connection: one frame after another at the pace that the exchange allows, and each request followed up
 * until it is answered.
 */
import { Clock, Deferred, Duration, Effect, Queue } from "effect"
import type { ControlRequest } from "../../pipeline/Subscriptions.ts"
import type { RequestId } from "../../schema/ControlFrame.ts"
import * as RateWindow from "./RateWindow.ts"

const ANSWER_DEADLINE = Duration.seconds(10)

/** "Invalid request" and "Invalid JSON": the same frame would be answered the same way on any connection. */
const INVALID_CODES = new Set([2, 3])

export const isInvalid = (code: number): boolean => INVALID_CODES.has(code)

export interface Control {
  /** Sends what is asked for, until interrupted; no text: a ping. */
  readonly sending: <E>(send: (text: string | undefined) => Effect.Effect<void, E>) => Effect.Effect<never, E>
  /** Waits until it has gone out. */
  readonly request: (request: ControlRequest) => Effect.Effect<void>
  /** The same: what may have gone wrong since is judged from then on. */
  readonly ping: Effect.Effect<void>
  /** A pong has gone out beside all this: it counts. */
  readonly pongSent: () => void
  /** The request that an answer belongs to: where the answer has no id, the one that waits longest. */
  readonly answered: (id: RequestId) => ControlRequest | undefined
  /** So much time has passed: a request that has waited too long for its answer. */
  readonly waited: (interval: Duration.Duration) => ControlRequest | undefined
}

export const make: Effect.Effect<Control> = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  const rate = RateWindow.make(RateWindow.CONTROL_FRAMES)
  const outgoing = yield* Queue.unbounded<{
    readonly request?: ControlRequest
    readonly sent: Deferred.Deferred<void>
  }>()
  /** By id, in the order they were sent. */
  const pending = new Map<RequestId, { readonly request: ControlRequest; waited?: Duration.Duration }>()

  const turn = Effect.gen(function* () {
    for (let wait = rate.wait(now()); wait > 0; wait = rate.wait(now())) {
      yield* Effect.sleep(Duration.millis(Math.ceil(wait)))
    }
    rate.took(now())
  })

  const enqueue = Effect.fnUntraced(function* (request?: ControlRequest) {
    const sent = yield* Deferred.make<void>()
    yield* Queue.offer(outgoing, request === undefined ? { sent } : { request, sent })
    yield* Deferred.await(sent)
  })

  return {
    sending: (send) =>
      Effect.gen(function* () {
        const { request, sent } = yield* Queue.take(outgoing)
        yield* turn
        if (request !== undefined) pending.set(request.id, { request })
        yield* send(request?.text)
        yield* Deferred.succeed(sent, undefined)
      }).pipe(Effect.forever),
    request: enqueue,
    ping: enqueue(),
    pongSent: () => rate.took(now()),
    answered: (id) => {
      const [oldest] = pending.keys()
      const key = id ?? oldest ?? null
      const found = pending.get(key)
      pending.delete(key)
      return found?.request
    },
    waited: (interval) => {
      for (const entry of pending.values()) {
        // It was sent within the first interval, who knows when.
        entry.waited = entry.waited === undefined ? Duration.zero : Duration.sum(entry.waited, interval)
        if (Duration.isGreaterThanOrEqualTo(entry.waited, ANSWER_DEADLINE)) return entry.request
      }
      return undefined
    }
  }
})
