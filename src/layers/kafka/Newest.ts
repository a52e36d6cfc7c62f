/** What stands at the ends of partitions: a process that was killed may have stored what its spool still holds. */
import { Effect, Schedule } from "effect"
import { partitionOf } from "../../pipeline/murmur2.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { KafkaDriver, KafkaError } from "../../services/KafkaDriver.ts"
import * as Tail from "./Tail.ts"

/** More than one send takes, and one reading of the spool. */
const RECORDS = 10_000
const PARTITIONS_AT_ONCE = 8
/** So long after a process has ended a broker may still store what it sent. */
const LATE = "1 second"

/** A cluster that is just starting; without it nothing could be stored either. */
const retrying = Schedule.spaced("500 millis")

const read = Effect.fnUntraced(function* (driver: KafkaDriver["Service"], records: ReadonlyArray<SinkRecord>) {
  const ids = new Set<string>()
  const { faults, topics } = yield* driver.describe([...new Set(records.map(({ topic }) => topic))])
  // A broker that has just started may not know their leaders yet.
  for (const fault of faults.values()) return yield* fault
  for (const { name, partitions } of topics) {
    const keys = records.filter(({ topic }) => topic === name).map(({ key }) => key)
    const wanted = new Set(keys.map((key) => partitionOf(key, partitions)))
    yield* Effect.forEach(
      wanted,
      Effect.fnUntraced(function* (partition) {
        const { earliest, next } = yield* driver.ends(name, partition)
        const from = Math.max(earliest, next - RECORDS)
        const { seen } = yield* Tail.make(driver, name, partition).read(from, [])
        for (const one of seen) ids.add(Tail.idOf(one))
        ids.delete("")
      }),
      { concurrency: PARTITIONS_AT_ONCE, discard: true }
    )
  }
  return ids
})

/** The event-ids at the ends of the partitions that these records go to. */
export const newest = (
  driver: KafkaDriver["Service"],
  records: ReadonlyArray<SinkRecord>
): Effect.Effect<ReadonlySet<string>> => {
  const isTemporary = ({ kind }: KafkaError) => kind !== "Denied" && kind !== "Refused"
  return Effect.sleep(LATE).pipe(
    Effect.andThen(read(driver, records)),
    Effect.retry({ schedule: retrying, while: isTemporary }),
    Effect.catch(({ message }) =>
      Effect.logWarning(
        "The ends of the topics cannot be read: some of what waited on the disk may be stored twice"
      ).pipe(Effect.annotateLogs({ reason: message }), Effect.as(new Set<string>()))
    )
  )
}
