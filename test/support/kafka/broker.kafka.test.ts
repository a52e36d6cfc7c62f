import { assert, it } from "@effect/vitest"
import { describeKafka, kafkaBootstrap } from "./describeKafka.ts"
import { client, endOffsets, readTopic } from "./records.ts"

describeKafka("the run's broker", () => {
  it("creates no topic by itself, and gives back what is stored", async () => {
    const kafka = client(kafkaBootstrap)
    const admin = kafka.admin()
    const producer = kafka.producer({ allowAutoTopicCreation: true, retry: { retries: 1 } })
    await admin.connect()
    await producer.connect()
    const topic = `stored-${crypto.randomUUID()}`
    const message = { key: "k", value: "v", headers: { name: "Ł" }, timestamp: "1700000000123" }
    const refusal = await producer.send({ topic, messages: [message] }).then(
      () => undefined,
      (error: unknown) => error
    )
    assert.instanceOf(refusal, Error)

    await admin.createTopics({ topics: [{ topic, numPartitions: 2 }] })
    await producer.send({ topic, messages: [{ ...message, partition: 1 }] })
    assert.deepStrictEqual(await endOffsets(kafkaBootstrap, topic), [
      { partition: 0, low: 0, high: 0 },
      { partition: 1, low: 0, high: 1 }
    ])
    assert.deepStrictEqual(await readTopic(kafkaBootstrap, topic), [
      {
        partition: 1,
        offset: 0,
        key: "k",
        value: Buffer.from("v"),
        timestamp: 1_700_000_000_123,
        headers: { name: "Ł" }
      }
    ])
    await producer.disconnect()
    await admin.disconnect()
  })
})
