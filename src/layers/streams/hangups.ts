/** SIGHUP, by which an operator asks a program to read its settings anew. Without somebody who runs it, it ends the process. */
import process from "node:process"
import { Effect, Queue, Stream } from "effect"

/** One for each; several that come while one is served are one more. */
export const hangups: Stream.Stream<void> = Stream.unwrap(
  Effect.gen(function* () {
    const queue = yield* Queue.sliding<void>(1)
    const onHangup = () => void Queue.offerUnsafe(queue, undefined)
    yield* Effect.acquireRelease(
      Effect.sync(() => process.on("SIGHUP", onHangup)),
      () => Effect.sync(() => process.off("SIGHUP", onHangup))
    )
    return Stream.fromQueue(queue)
  })
)
