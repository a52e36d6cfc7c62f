/** What a shard writes for the live page: its connections under their own names, the streams that it has, its sink's figures added to the others'. */
import { Effect } from "effect"
import { type KafkaCell, Status } from "../../services/Status.ts"
import { nameOf } from "./ShardHealth.ts"

/** Those that are as they are now; the others only grow. */
const LEVELS = ["inFlight", "waitingRecords", "waitingBytes"] as const

/** Keeps its own figures, and adds every change of one to the sum of all. */
const partOf = (sum: KafkaCell): KafkaCell => {
  const own = { failures: 0, inFlight: 0, waitingRecords: 0, waitingBytes: 0 }
  const change = (name: keyof typeof own, value: number): void => {
    sum[name] += value - own[name]
    own[name] = value
  }
  return {
    acknowledged: sum.acknowledged,
    get isOpen() {
      return sum.isOpen
    },
    set isOpen(value) {
      sum.isOpen = value
    },
    get lastError() {
      return sum.lastError
    },
    set lastError(value) {
      sum.lastError = value
    },
    get failures() {
      return own.failures
    },
    set failures(value) {
      change("failures", value)
    },
    get inFlight() {
      return own.inFlight
    },
    set inFlight(value) {
      change("inFlight", value)
    },
    get waitingRecords() {
      return own.waitingRecords
    },
    set waitingRecords(value) {
      change("waitingRecords", value)
    },
    get waitingBytes() {
      return own.waitingBytes
    },
    set waitingBytes(value) {
      change("waitingBytes", value)
    }
  }
}

export const make = Effect.fnUntraced(function* (shard: number) {
  const status = yield* Status
  const kafka = partOf(status.kafka)
  yield* Effect.addFinalizer(() =>
    Effect.sync(() => {
      for (const level of LEVELS) kafka[level] = 0
    })
  )
  const carried = new Set<string>()
  yield* Effect.addFinalizer(() => Effect.sync(() => status.left([...carried])))
  return Status.of({
    ...status,
    connection: (name) => status.connection(nameOf(shard, name)),
    joined: (names) => {
      for (const name of names) carried.add(name)
      status.joined(names)
    },
    left: (names) => {
      for (const name of names) carried.delete(name)
      status.left(names)
    },
    kafka
  })
})
