/** `KAFKA_ACKS=1` against brokers that hang, die and change their leaders: nothing is missing, nothing there twice. Takes minutes. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Broker, type Cluster, startBroker, startCluster } from "../support/kafka/broker.ts"
import { describeKafka } from "../support/kafka/describeKafka.ts"
import { acquire, under } from "../support/kafka/under.ts"

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
