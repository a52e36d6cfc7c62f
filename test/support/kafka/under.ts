/** A steady stream at `KAFKA_ACKS=1` while something happens to the brokers: all of it must be there afterwards, once and in order. */
import { Deferred, Effect, Fiber, Metric } from "effect"
import * as Telemetry from "../../../src/services/Telemetry.ts"
import { assertOnceAndInOrder, makeSource, openSink, publishUntil, read } from "./sink.ts"

export const acquire = <A extends { readonly remove: () => Promise<void> }>(start: () => Promise<A>) =>
  Effect.acquireRelease(Effect.promise(start), ({ remove }) => Effect.promise(remove))

const counts = Effect.gen(function* () {
  return {
    doubts: (yield* Metric.value(Metric.withAttributes(Telemetry.sendFailures, { kind: "Doubt" }))).count,
    resent: (yield* Metric.value(Telemetry.recordsResent)).count
  }
})

/** Gives how many sends were in doubt, and how many records were lost and sent again. */
export const under = Effect.fnUntraced(function* <E>(
  bootstrap: ReadonlyArray<string>,
  happens: Effect.Effect<void, E>
) {
  const { open, topic } = yield* openSink(bootstrap, { acks: "1" })
  const sink = yield* open
  const source = yield* makeSource(topic)
  const stop = yield* Deferred.make<void>()
  const before = yield* counts
  yield* sink.publish(source.next(500))
  yield* sink.flush
  const publisher = yield* Effect.forkChild(publishUntil(sink, source, stop))
  yield* happens
  yield* Deferred.succeed(stop, undefined)
  yield* Fiber.join(publisher)
  assertOnceAndInOrder(yield* read(bootstrap[0] ?? "", topic), source.published)
  const after = yield* counts
  const [doubts, resent] = [after.doubts - before.doubts, after.resent - before.resent]
  process.stdout.write(
    `acks=1: ${source.published.length} records, each once and in order; ${doubts} sends were in doubt, ` +
      `${resent} records were lost and sent again\n`
  )
  return { doubts, resent }
})
