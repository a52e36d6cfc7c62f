/** SIGHUP, by which an operator asks a program to read its settings anew. Without somebody who runs it, it ends the process. */
import process from "node:process"
import { Effect, Queue, type Scope, Stream } from "effect"

/** From now on, one for each; several that come before they are served are one. */
export const hangups: Effect.Effect<Stream.Stream<void>, never, Scope.Scope> = Effect.gen(function* () {
  const queue = yield* Queue.sliding<void>(1)
  const onHangup = () => void Queue.offerUnsafe(queue, undefined)
  yield* Effect.acquireRelease(
    Effect.sync(() => process.on("SIGHUP", onHangup)),
    () => Effect.sync(() => process.off("SIGHUP", onHangup))
  )
  return Stream.fromQueue(queue)
})
