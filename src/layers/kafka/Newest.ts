/** What stands at the ends of partitions: a process that was killed may have stored what its spool still holds. */
import { Effect, Schedule } from "effect"
import { partitionOf } from "../../pipeline/murmur2.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { KafkaDriver, KafkaError } from "../../services/KafkaDriver.ts"
import * as Tail from "./Tail.ts"

/** More than one send takes. */
const ONE_SEND = 4000
const PARTITIONS_AT_ONCE = 8

/** A cluster that is just starting; without it nothing could be stored either. */
const retrying = Schedule.spaced("500 millis")

const read = Effect.fnUntraced(function* (driver: KafkaDriver["Service"], records: ReadonlyArray<SinkRecord>) {
  const ids = new Set<string>()
  const { topics } = yield* driver.describe([...new Set(records.map(({ topic }) => topic))])
  for (const { name, partitions } of topics) {
    const there = records.filter(({ topic }) => topic === name)
    const groups = Map.groupBy(there, ({ key }) => partitionOf(key, partitions))
    yield* Effect.forEach(
      groups,
      Effect.fnUntraced(function* ([partition, group]) {
        const { earliest, next } = yield* driver.ends(name, partition)
        const from = Math.max(earliest, next - group.length - ONE_SEND)
        const { seen } = yield* Tail.make(driver, name, partition).read(from, group.map(Tail.idOf))
        for (const one of seen) ids.add(Tail.idOf(one))
      }),
      { concurrency: PARTITIONS_AT_ONCE, discard: true }
    )
  }
  return ids
})

/** The event-ids at the ends of the partitions of these records: as many as they are, and one send more. */
export const newest = (
  driver: KafkaDriver["Service"],
  records: ReadonlyArray<SinkRecord>
): Effect.Effect<ReadonlySet<string>> => {
  const isTemporary = ({ kind }: KafkaError) => kind !== "Denied" && kind !== "Refused"
  return read(driver, records).pipe(
    Effect.retry({ schedule: retrying, while: isTemporary }),
    Effect.catch(({ message }) =>
      Effect.logWarning(
        "The ends of the topics cannot be read: some of what waited on the disk may be stored twice"
      ).pipe(Effect.annotateLogs({ reason: message }), Effect.as(new Set<string>()))
    )
  )
}
