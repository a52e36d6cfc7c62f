/** Reads back what a `MemorySink` has stored, placed as Kafka's partitioner would place it. For tests. */
import { Effect, Layer, Stream } from "effect"
import { partitionOf } from "../pipeline/murmur2.ts"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import type { StoredRecord } from "../services/KafkaDriver.ts"
import { TopicReader } from "../services/TopicReader.ts"
import { follow } from "./following.ts"
import { MemoryLog } from "./MemorySink.ts"

/** `partitions` for every topic. */
export const layerWith = (partitions: number): Layer.Layer<TopicReader, never, MemoryLog> =>
  Layer.effect(
    TopicReader,
    Effect.gen(function* () {
      const log = yield* MemoryLog

      const place = (topic: string, records: ReadonlyArray<SinkRecord>) => {
        const stored = Array.from({ length: partitions }, (): Array<StoredRecord> => [])
        for (const record of records) {
          const partition = partitionOf(record.key, partitions)
          const ofPartition = stored[partition]
          if (record.topic === topic) ofPartition?.push({ ...record, partition, offset: ofPartition.length })
        }
        return stored
      }

      const placed = (topic: string) => Effect.map(log.records, (records) => place(topic, records))

      return TopicReader.of({
        ends: (topic) =>
          Effect.map(placed(topic), (stored) =>
            stored.some(({ length }) => length > 0)
              ? stored.map(({ length }, partition) => ({ partition, from: 0, to: length }))
              : []
          ),
        read: (topic, ranges) =>
          Stream.fromArrayEffect(
            Effect.map(placed(topic), (stored) =>
              ranges.flatMap(({ from, partition, to }) => stored[partition]?.slice(from, to) ?? [])
            )
          ),
        follow: (topic, starts) =>
          Stream.mergeAll(
            starts.map(({ from, partition }) =>
              follow(from, (at) =>
                Effect.map(placed(topic), (stored) => {
                  const records = stored[partition]?.slice(at) ?? []
                  return { records, next: at + records.length }
                })
              )
            ),
            { concurrency: "unbounded" }
          )
      })
    })
  )

export const layer: Layer.Layer<TopicReader, never, MemoryLog> = layerWith(1)
