import { assert, it } from "@effect/vitest"
import { Context, Duration, Effect, Exit, Layer, Option, Scope } from "effect"
import * as KafkaClients from "../../../src/layers/KafkaClients.ts"
import { kafkaClients } from "../../../src/schema/Settings.ts"
import { FencedKafka } from "../../../src/services/FencedKafka.ts"
import { KafkaDriver } from "../../../src/services/KafkaDriver.ts"
import { describeKafka, kafkaBootstrap } from "../../support/kafka/describeKafka.ts"
import { newTopic, records } from "../../support/kafka/driver.ts"
import { readTopic } from "../../support/kafka/records.ts"
import { testSettings, settingsLayer } from "../../support/settings.ts"

const group = { id: `group-${crypto.randomUUID()}`, shards: 2, sessionTimeout: Duration.seconds(6) }

/** A process of its own, as far as Kafka can tell. */
const processOf = Effect.fnUntraced(function* (client: (typeof kafkaClients)[number]) {
  const kafka = { ...testSettings().kafka, client, bootstrapServers: [kafkaBootstrap], acks: "all" as const }
  const layer = KafkaClients.grouped(group).pipe(Layer.provide(settingsLayer({ kafka, group: Option.some(group) })))
  const context = yield* Layer.build(layer)
  return { fenced: Context.get(context, FencedKafka), driver: Context.get(context, KafkaDriver) }
})

const kindOf = <A, E extends { readonly kind: string }>(effect: Effect.Effect<A, E>) =>
  Effect.match(effect, { onFailure: ({ kind }) => kind, onSuccess: () => "stored" })

describeKafka("a fenced Kafka", () => {
  it.live.each(kafkaClients)("over %s stores nothing of whoever opened the id before", (client) =>
    Effect.gen(function* () {
      const [one, other, late] = [newTopic("one"), newTopic("other"), newTopic("late")]
      const first = yield* processOf(client)
      const second = yield* processOf(client)
      for (const name of [one, other]) yield* first.driver.create({ name, partitions: 3, replicationFactor: undefined })
      const id = `id-${crypto.randomUUID()}`
      const topics = [one, other]

      const before = yield* first.fenced.open(id, topics)
      yield* before.produce(one, 0, records(one, 3))
      yield* before.produce(one, 0, records(one, 2, 3))
      yield* before.produce(one, 1, records(one, 2))

      const after = yield* second.fenced.open(id, topics)
      for (const partition of [0, 1, 2]) {
        // Also where it has never written.
        assert.strictEqual(yield* kindOf(before.produce(one, partition, records(one, 1, 9))), "Fenced")
        assert.strictEqual(yield* kindOf(before.produce(other, partition, records(other, 1, 9))), "Fenced")
      }
      yield* after.produce(one, 0, records(one, 2, 5))
      yield* after.produce(one, 2, records(one, 1))
      assert.strictEqual(yield* kindOf(before.produce(one, 2, records(one, 1, 9))), "Fenced")

      // A topic that was made since.
      yield* second.driver.create({ name: late, partitions: 1, replicationFactor: undefined })
      yield* after.produce(late, 0, records(late, 2))
      yield* after.produce(one, 0, records(one, 1, 7))
      assert.strictEqual(yield* kindOf(before.produce(late, 0, records(late, 1, 9))), "Fenced")

      // And one that has been read since, and not yet written.
      const read = newTopic("read")
      yield* second.driver.create({ name: read, partitions: 1, replicationFactor: undefined })
      assert.isAtLeast((yield* after.ends(read, 0)).next, 1)
      assert.strictEqual(yield* kindOf(before.produce(read, 0, records(read, 1, 9))), "Fenced")
      assert.strictEqual(yield* kindOf(after.ends(newTopic("absent"), 0)), "MissingTopic")

      const ids = (topic: string) =>
        Effect.map(
          Effect.promise(() => readTopic(kafkaBootstrap, topic)),
          (all) => all.map(({ headers, partition }) => `${partition} ${headers["event-id"]}`)
        )
      assert.deepStrictEqual(yield* ids(one), [
        ...Array.from({ length: 8 }, (_, n) => `0 id:${n}`),
        "1 id:0",
        "1 id:1",
        "2 id:0"
      ])
      assert.deepStrictEqual(yield* ids(other), [])
      assert.deepStrictEqual(yield* ids(late), ["0 id:0", "0 id:1"])
    })
  )

  it.live.each(kafkaClients)("over %s never has two of many who open it at once", (client) =>
    Effect.gen(function* () {
      const topic = newTopic("topic")
      const some = yield* Effect.forEach(Array.from({ length: 4 }), () => processOf(client))
      yield* (some[0] ?? (yield* Effect.die("none"))).driver.create({
        name: topic,
        partitions: 2,
        replicationFactor: undefined
      })
      const id = `id-${crypto.randomUUID()}`
      const scope = yield* Scope.make()
      const opened = yield* Effect.forEach(
        some,
        ({ fenced }) => Effect.exit(Scope.provide(fenced.open(id, [topic]), scope)),
        { concurrency: "unbounded" }
      )
      const outcomes = yield* Effect.forEach(opened, (exit, index) =>
        Exit.isSuccess(exit)
          ? kindOf(exit.value.produce(topic, 0, records(topic, 1, index)))
          : Effect.succeed("not opened")
      )
      assert.isAtMost(outcomes.filter((outcome) => outcome === "stored").length, 1, outcomes.join())
      yield* Scope.close(scope, Exit.void)
    })
  )
})
