import { assert, it } from "@effect/vitest"
import { Duration, Effect, Schedule } from "effect"
import * as KafkaJs from "../../../src/layers/kafkajs/Connection.ts"
import * as Platformatic from "../../../src/layers/platformatic/Connection.ts"
import { addressOf } from "../../../src/layers/wire/Address.ts"
import type { Connect, Part } from "../../../src/layers/wire/Connection.ts"
import * as Link from "../../../src/layers/wire/Link.ts"
import { describeKafka, kafkaBootstrap } from "../../support/kafka/describeKafka.ts"
import { connected, expected, newTopic, records } from "../../support/kafka/driver.ts"
import { readTopic } from "../../support/kafka/records.ts"
import { testSettings } from "../../support/settings.ts"

const LIMIT = Duration.seconds(10)
const ALL = -1
const UNKNOWN_TOPIC = 3

const clients: ReadonlyArray<{ readonly name: string; readonly make: Effect.Effect<Connect> }> = [
  { name: "kafkajs", make: KafkaJs.make },
  { name: "platformatic", make: Effect.succeed(Platformatic.connect) }
]

const open = Effect.fnUntraced(function* (make: Effect.Effect<Connect>) {
  const connect = yield* make
  const address = addressOf(kafkaBootstrap)
  const link = yield* Effect.acquireRelease(
    Effect.sync(() => Link.open(connect(address, testSettings().kafka), address)),
    ({ close }) => close
  )
  yield* link.ready
  return link
})

describeKafka("a connection", () => {
  it.live.each(clients)("of $name answers several parts of one request each by itself", ({ make }) =>
    Effect.gen(function* () {
      const driver = yield* connected(kafkaBootstrap)
      const [one, other, absent] = [newTopic("one"), newTopic("other"), newTopic("absent")]
      yield* driver.create({ name: one, partitions: 2, replicationFactor: undefined })
      yield* driver.create({ name: other, partitions: 1, replicationFactor: undefined })
      const link = yield* open(make)
      const init = link
        .ask((connection) => connection.initProducerId(), LIMIT)
        .pipe(
          // A broker that has just started has none to give yet.
          Effect.repeat({ until: ({ errorCode }) => errorCode === 0, schedule: Schedule.spaced("100 millis") }),
          Effect.map(({ producerEpoch, producerId }) => ({ producerEpoch, producerId }))
        )
      const [first, second] = [yield* init, yield* init]
      assert.notStrictEqual(first.producerId, second.producerId)

      const send = (parts: ReadonlyArray<Part>) =>
        Effect.map(
          link.ask(
            (connection) =>
              connection.produce({ acks: ALL, timeout: 5000, compression: "snappy", parts }, () => undefined),
            LIMIT
          ),
          (answers) =>
            parts.map(({ partition, topic }) => {
              const answer = answers.find((one) => one.topic === topic && one.partition === partition)
              return [answer?.errorCode, answer?.baseOffset]
            })
        )

      const parts: ReadonlyArray<Part> = [
        { topic: one, partition: 0, records: records(one, 3), ...first, firstSequence: 0 },
        { topic: absent, partition: 0, records: records(absent, 1), ...first, firstSequence: 0 },
        { topic: other, partition: 0, records: records(other, 2), ...second, firstSequence: 0 },
        { topic: one, partition: 1, records: records(one, 1), ...second, firstSequence: 0 }
      ]
      const told = [
        [0, 0],
        [UNKNOWN_TOPIC, -1],
        [0, 0],
        [0, 0]
      ]
      assert.deepStrictEqual(yield* send(parts), told)
      // Known for a repeat by its numbers, each by those of its own producer.
      assert.deepStrictEqual(yield* send(parts), told)
      const next = { topic: one, partition: 0, records: records(one, 2, 3), ...first, firstSequence: 3 }
      assert.deepStrictEqual(yield* send([next]), [[0, 3]])

      const stored = (topic: string) => Effect.promise(() => readTopic(kafkaBootstrap, topic))
      assert.deepStrictEqual(yield* stored(one), [...expected(0, records(one, 5)), ...expected(1, records(one, 1))])
      assert.deepStrictEqual(yield* stored(other), expected(0, records(other, 2)))
    })
  )
})
