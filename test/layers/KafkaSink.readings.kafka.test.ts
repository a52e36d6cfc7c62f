/** `KAFKA_ACKS=1` against brokers that hang, die and change their leaders: nothing is missing, nothing there twice. */
import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Metric } from "effect"
import * as Telemetry from "../../src/services/Telemetry.ts"
import { type Broker, type Cluster, startBroker, startCluster } from "../support/kafka/broker.ts"
import { describeKafka } from "../support/kafka/describeKafka.ts"
import { freePorts } from "../support/kafka/freePorts.ts"
import { startProxy } from "../support/kafka/proxy.ts"
import { assertOnceAndInOrder, makeSource, openSink, publishUntil, read } from "../support/kafka/sink.ts"

const acquire = <A extends { readonly remove: () => Promise<void> }>(start: () => Promise<A>) =>
  Effect.acquireRelease(Effect.promise(start), ({ remove }) => Effect.promise(remove))

const counts = Effect.gen(function* () {
  return {
    doubts: (yield* Metric.value(Metric.withAttributes(Telemetry.sendFailures, { kind: "Doubt" }))).count,
    resent: (yield* Metric.value(Telemetry.recordsResent)).count
  }
})

/** Publishes a steady stream while something happens to the brokers; all of it must be there afterwards. Gives how many sends were in
 * doubt, and how many records were lost and sent again. */
const under = Effect.fnUntraced(function* <E>(bootstrap: ReadonlyArray<string>, happens: Effect.Effect<void, E>) {
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

const frozen = (broker: Pick<Broker, "pause" | "resume">, millis: number) =>
  Effect.gen(function* () {
    yield* Effect.sync(broker.pause)
    yield* Effect.sleep(millis)
    yield* Effect.sync(broker.resume)
    yield* Effect.sleep("1 second")
  })

/** The others are frozen while it still takes records, and lead when it is dead. */
const killedAhead = ({ nodes }: Cluster) =>
  Effect.forEach(
    nodes,
    Effect.fnUntraced(function* (node) {
      const others = nodes.filter((other) => other !== node)
      for (const other of others) other.pause()
      yield* Effect.sleep("1500 millis")
      yield* Effect.promise(node.kill)
      for (const other of others) other.resume()
      yield* Effect.sleep("8 seconds")
      yield* Effect.promise(node.start)
      yield* Effect.sleep("5 seconds")
    }),
    { discard: true }
  )

describeKafka("KafkaSink with KAFKA_ACKS=1 stores everything once and in order", () => {
  it.live(
    "when the broker hangs until sends are given up, and then does what it was sent",
    () =>
      Effect.gen(function* () {
        const broker = yield* acquire(() => startBroker())
        const { doubts } = yield* under(
          [broker.bootstrap],
          Effect.forEach([300, 13_000], (millis) => frozen(broker, millis), { discard: true })
        )
        assert.isAbove(doubts, 0)
      }).pipe(Effect.scoped),
    120_000
  )

  it.live(
    "when the broker is killed and started again",
    () =>
      Effect.gen(function* () {
        const broker = yield* acquire(() => startBroker())
        const killed = Effect.andThen(Effect.promise(broker.kill), Effect.promise(broker.start))
        yield* under([broker.bootstrap], Effect.andThen(killed, killed))
      }).pipe(Effect.scoped),
    120_000
  )

  it.live(
    "when answers are lost after the request was written",
    () =>
      Effect.gen(function* () {
        const [port = 0] = yield* Effect.promise(() => freePorts(1))
        const proxy = yield* Effect.acquireRelease(
          Effect.promise(() => startProxy(() => port)),
          ({ close }) => Effect.promise(close)
        )
        const server = `127.0.0.1:${proxy.port}`
        yield* acquire(() => startBroker({ port, properties: { "advertised.listeners": `CLIENT://${server}` } }))
        const lost = Effect.gen(function* () {
          const before = proxy.withheld()
          proxy.answers = "lose"
          yield* Effect.repeat(Effect.sleep("1 millis"), { until: () => proxy.withheld() > before })
          proxy.answers = "pass"
          yield* Effect.sleep("700 millis")
        })
        const { doubts } = yield* under([server], Effect.asVoid(Effect.repeat(lost, { times: 15 })))
        assert.isAbove(doubts, 0)
      }).pipe(Effect.scoped),
    120_000
  )

  it.live(
    "when leaders die with what they had acknowledged and nobody else had",
    () =>
      Effect.gen(function* () {
        const cluster = yield* acquire(() => startCluster(3))
        const { resent } = yield* under(cluster.bootstrap, killedAhead(cluster))
        assert.isAbove(resent, 0)
      }).pipe(Effect.scoped),
    300_000
  )
})
