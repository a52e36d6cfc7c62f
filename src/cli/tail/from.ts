/** Where `tail` begins. */
import { Effect, Result, Stream } from "effect"
import type { StoredRecord } from "../../services/KafkaDriver.ts"
import { type OffsetRange, TopicReader, TopicReadError } from "../../services/TopicReader.ts"

/** Of the last so many all are held at once. */
const MOST_LAST = 100_000

/** The first record there is, the next one to come, or so many before that. */
export type From = "earliest" | "latest" | { readonly last: number }

export const parse = (text: string): Result.Result<From, string> => {
  if (text === "earliest" || text === "latest") return Result.succeed(text)
  const last = /^-\d{1,6}$/.test(text) ? -Number(text) : 0
  return last >= 1 && last <= MOST_LAST
    ? Result.succeed({ last })
    : Result.fail(`earliest, latest, or from -1 to -${MOST_LAST}`)
}

/**
 * The last records of the topic: each partition in its order, the partitions among each other by time. What was stored late
 * counts as of then, not as of its own time.
 */
const lastOf = Effect.fnUntraced(function* (topic: string, ranges: ReadonlyArray<OffsetRange>, count: number) {
  const reader = yield* TopicReader
  const ends = ranges.map(({ from, partition, to }) => ({ partition, from: Math.max(from, to - count), to }))
  const records = yield* Stream.runCollect(reader.read(topic, ends))
  const newest = new Map<number, number>()
  return records
    .map((record) => {
      const at = Math.max(record.timestamp, newest.get(record.partition) ?? 0)
      newest.set(record.partition, at)
      return { at, record }
    })
    .toSorted((a, b) => a.at - b.at)
    .slice(-count)
    .map(({ record }) => record)
})

/** The records from there on, to the end that the topic has now or beyond it. */
export const recordsFrom = (
  topic: string,
  from: From,
  follow: boolean
): Stream.Stream<StoredRecord, TopicReadError, TopicReader> =>
  Stream.unwrap(
    Effect.gen(function* () {
      const reader = yield* TopicReader
      const ranges = yield* reader.ends(topic)
      if (ranges.length === 0) {
        return yield* new TopicReadError({
          message: `there is no topic ${topic}: it is made with its first record; \`streams\` lists those of the settings`
        })
      }
      if (from === "earliest") return follow ? reader.follow(topic, ranges) : reader.read(topic, ranges)
      const later = follow
        ? reader.follow(
            topic,
            ranges.map(({ partition, to }) => ({ partition, from: to }))
          )
        : Stream.empty
      return from === "latest" ? later : Stream.concat(Stream.fromArrayEffect(lastOf(topic, ranges, from.last)), later)
    })
  )
