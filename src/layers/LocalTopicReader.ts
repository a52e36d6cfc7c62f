/** Reads the topics of the local log; each is one partition. */
import { Effect, Layer, Stream } from "effect"
import { AppConfig } from "../services/AppConfig.ts"
import { TopicReader, TopicReadError } from "../services/TopicReader.ts"
import { follow } from "./following.ts"
import * as LocalLogReader from "./LocalLogReader.ts"

const PARTITION = 0
const PAGE_RECORDS = 1000

const readError = ({ cause, message }: LocalLogReader.LocalLogReadError) =>
  new TopicReadError({ message: `DATA_DIR: ${message}`, cause })

/** The log in a folder. */
export const layerOf = (dataDir: string): Layer.Layer<TopicReader, TopicReadError> =>
  Layer.effect(
    TopicReader,
    Effect.gen(function* () {
      const log = yield* Effect.mapError(LocalLogReader.open(dataDir), readError)
      const page = (topic: string, from: number) =>
        Effect.map(Stream.runCollect(log.read(topic, { from, limit: PAGE_RECORDS })), (records) => ({
          records: records.map((record) => ({ ...record, partition: PARTITION })),
          next: (records.at(-1)?.offset ?? from - 1) + 1
        }))

      return TopicReader.of({
        ends: (topic) =>
          log.topics.pipe(
            Effect.map((topics) =>
              topics
                .filter((one) => one.topic === topic)
                .map(({ next }) => ({ partition: PARTITION, from: 0, to: next }))
            ),
            Effect.mapError(readError)
          ),
        read: (topic, ranges) =>
          Stream.fromIterable(ranges).pipe(
            Stream.flatMap(({ from, to }) => log.read(topic, { from, to })),
            Stream.map((record) => ({ ...record, partition: PARTITION })),
            Stream.mapError(readError)
          ),
        follow: (topic, starts) =>
          Stream.fromIterable(starts).pipe(
            Stream.flatMap(({ from }) => follow(from, (at) => page(topic, at))),
            Stream.mapError(readError)
          )
      })
    })
  )

export const layer: Layer.Layer<TopicReader, TopicReadError, AppConfig> = Layer.unwrap(
  Effect.map(AppConfig, ({ dataDir }) => layerOf(dataDir))
)
