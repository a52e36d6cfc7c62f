import { it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { startCluster } from "../support/kafka/broker.ts"
import { describeKafka } from "../support/kafka/describeKafka.ts"
import { assertOnceAndInOrder, makeSource, openSink, publishUntil, read } from "../support/kafka/sink.ts"

describeKafka("KafkaSink on three nodes", () => {
  it.live(
    "loses and doubles nothing while three nodes are restarted one after the other",
    () =>
      Effect.gen(function* () {
        const cluster = yield* Effect.acquireRelease(
          Effect.promise(() => startCluster(3)),
          (cluster) => Effect.promise(cluster.remove)
        )
        const bootstrap = cluster.bootstrap[0] ?? ""
        const stop = yield* Deferred.make<void>()
        const publish = Effect.fnUntraced(function* (acks: "1" | "all") {
          const { open, topic } = yield* openSink(cluster.bootstrap, { acks, compression: "snappy" })
          const source = yield* makeSource(topic)
          const sink = yield* open
          yield* sink.publish(source.next(100))
          yield* sink.flush
          const publisher = yield* Effect.forkChild(publishUntil(sink, source, stop))
          return { publisher, source, topic }
        })
        const all = yield* publish("all")
        const one = yield* publish("1")
        for (const node of cluster.nodes) yield* Effect.promise(node.restart)
        yield* Deferred.succeed(stop, undefined)
        yield* Fiber.join(all.publisher)
        yield* Fiber.join(one.publisher)

        assertOnceAndInOrder(yield* read(bootstrap, all.topic), all.source.published)

        assertOnceAndInOrder(yield* read(bootstrap, one.topic), one.source.published)
      }).pipe(Effect.scoped),
    300_000
  )
})
