/**
 * `pooled`: batches of all topics together, four in flight side by side. `serial`: of each partition by itself, one in flight,
 * so that the order is kept whatever the client does.
 */
import { partitionOf } from "../../../src/pipeline/murmur2.ts"
import { PARTITIONS } from "../../kafka/layout.ts"
import type { Driver } from "./Driver.ts"
import type { Message } from "./envelope.ts"
import * as Lane from "./Lane.ts"

/** Batches of one partition that may wait. */
const MOST_WAITING = 4

export interface Batches {
  readonly add: (message: Message) => void
  /** The reader is to wait. */
  readonly isFull: () => boolean
  readonly seal: () => void
  readonly isIdle: () => boolean
}

export const pooled = (driver: Driver, changed: () => void): Batches => {
  const lane = Lane.make({ inFlight: 4, send: driver.sendAll, changed })
  return { ...lane, isFull: () => lane.waiting() > 0 }
}

export const serial = (driver: Driver, changed: () => void): Batches => {
  const lanes = new Map<string, Lane.Lane>()
  const partitions = new Map<string, number>()

  const laneOf = (topic: string, key: string): Lane.Lane => {
    const partition = partitions.get(key) ?? partitionOf(key, PARTITIONS)
    partitions.set(key, partition)
    const name = `${topic}-${partition}`
    const known = lanes.get(name)
    if (known !== undefined) return known
    const send = (messages: ReadonlyArray<Message>) => driver.sendPartition(topic, partition, messages)
    const lane = Lane.make({ inFlight: 1, send, changed })
    lanes.set(name, lane)
    return lane
  }

  return {
    add: (message) => laneOf(message.topic, message.key).add(message),
    isFull: () => [...lanes.values()].some((lane) => lane.waiting() >= MOST_WAITING),
    seal: () => {
      for (const lane of lanes.values()) lane.seal()
    },
    isIdle: () => [...lanes.values()].every((lane) => lane.isIdle())
  }
}
