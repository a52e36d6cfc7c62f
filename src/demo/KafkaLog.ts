/** Reads topics back from Kafka, from their beginning to their present end, with a consumer group of its own. */
import { randomUUID } from "node:crypto"
import { Data, Effect, Option, Queue, Stream, type Cause } from "effect"
import kafkajs, { type IHeaders, type KafkaConfig, type KafkaMessage } from "kafkajs"
import { saslOptions, tlsOptions } from "../layers/kafkajs/Link.ts"
import { prepare } from "../layers/kafkajs/prepare.ts"
import type { KafkaSettings } from "../schema/Settings.ts"
import type { SinkRecord } from "../schema/SinkRecord.ts"

export class KafkaReadError extends Data.TaggedError("KafkaReadError")<{ readonly message: string }> {}

const failed = (cause: unknown) => new KafkaReadError({ message: `cannot read from Kafka: ${String(cause)}` })

const configOf = ({ bootstrapServers, clientId, sasl, tls }: KafkaSettings): KafkaConfig => ({
  brokers: [...bootstrapServers],
  clientId: `${clientId}-demo`,
  logLevel: kafkajs.logLevel.NOTHING,
  ...(Option.isSome(tls) ? { ssl: tlsOptions(tls.value) } : {}),
  ...(Option.isSome(sasl) ? { sasl: saslOptions(sasl.value) } : {})
})

const text = (headers: IHeaders = {}) =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))

const recordOf = (topic: string, { headers, key, timestamp, value }: KafkaMessage): SinkRecord => ({
  topic,
  key: String(key),
  value: value ?? Buffer.alloc(0),
  timestamp: Number(timestamp),
  headers: text(headers)
})

/** How far each partition that holds anything is written. */
const endsOf = (kafka: kafkajs.Kafka, topic: string) =>
  Effect.acquireUseRelease(
    Effect.tryPromise({
      try: async () => {
        const admin = kafka.admin()
        await admin.connect()
        return admin
      },
      catch: failed
    }),
    (admin) =>
      Effect.tryPromise({
        try: async () => {
          const existing = await admin.listTopics()
          return existing.includes(topic) ? admin.fetchTopicOffsets(topic) : []
        },
        catch: failed
      }),
    (admin) => Effect.promise(() => admin.disconnect())
  ).pipe(
    Effect.map(
      (offsets) =>
        new Map(
          offsets
            .filter(({ high, low }) => Number(high) > Number(low))
            .map(({ high, partition }) => [partition, Number(high)])
        )
    )
  )

/** The topic's records, each partition in offset order. */
export const read = (settings: KafkaSettings, topic: string): Stream.Stream<SinkRecord, KafkaReadError> =>
  Stream.unwrap(
    Effect.gen(function* () {
      prepare()
      const kafka = new kafkajs.Kafka(configOf(settings))
      const unread = yield* endsOf(kafka, topic)
      if (unread.size === 0) return Stream.empty
      const queue = yield* Queue.unbounded<SinkRecord, KafkaReadError | Cause.Done>()
      const consumer = yield* Effect.acquireRelease(
        Effect.sync(() => kafka.consumer({ groupId: `demo-${randomUUID()}`, maxWaitTimeInMs: 200 })),
        (consumer) => Effect.promise(() => consumer.disconnect()).pipe(Effect.timeoutOption("5 seconds"))
      )
      yield* Effect.tryPromise({
        try: async () => {
          await consumer.connect()
          await consumer.subscribe({ topic, fromBeginning: true })
          await consumer.run({
            autoCommit: false,
            eachBatch: async ({ batch: { messages, partition } }) => {
              Queue.offerAllUnsafe(
                queue,
                messages.map((message) => recordOf(topic, message))
              )
              const read = Number(messages.at(-1)?.offset ?? -1) + 1
              if (read >= (unread.get(partition) ?? 0)) unread.delete(partition)
              if (unread.size === 0) Queue.endUnsafe(queue)
            }
          })
        },
        catch: failed
      })
      return Stream.fromQueue(queue)
    })
  )
