/**
 * Whether the records of one key stand in the partition where murmur2 puts it. A topic that was given more partitions later
 * holds its older records where their keys belonged then: that is no fault of whoever wrote them, and told apart here.
 */
import type { SinkRecord } from "../schema/SinkRecord.ts"
import { partitionOf } from "./murmur2.ts"

export interface Placement {
  /** Records of one key; one with another key is judged by that. */
  readonly add: (record: Pick<SinkRecord, "key" | "timestamp"> & { readonly partition?: number }) => void
  readonly misplaced: () => number
  /** What is known for `partitionsBefore`. */
  readonly seen: () => Seen
}

interface Seen {
  readonly partitions: number
  readonly key: string | undefined
  /** Where misplaced records stand. */
  readonly elsewhere: ReadonlySet<number>
  readonly firstPlaced: number
  readonly lastMisplaced: number
}

/** `partitions`: how many the topic has; `undefined`: places are not judged. */
export const make = (partitions: number | undefined): Placement => {
  let key: string | undefined
  let home = 0
  let misplaced = 0
  let firstPlaced = Infinity
  let lastMisplaced = -Infinity
  const elsewhere = new Set<number>()

  return {
    add: (record) => {
      if (partitions === undefined || record.partition === undefined) return
      if (record.key !== key) {
        key = record.key
        home = partitionOf(key, partitions)
      }
      if (record.partition === home) {
        if (record.timestamp < firstPlaced) firstPlaced = record.timestamp
        return
      }
      misplaced++
      elsewhere.add(record.partition)
      if (record.timestamp > lastMisplaced) lastMisplaced = record.timestamp
    },
    misplaced: () => misplaced,
    seen: () => ({ partitions: partitions ?? 0, key, elsewhere, firstPlaced, lastMisplaced })
  }
}

/**
 * How many partitions the topic of these series had before, if that explains every misplaced record: up to one moment all
 * stand where the smaller number puts them, and from then on where the present one does.
 */
export const partitionsBefore = (placements: ReadonlyArray<Placement>): number | undefined => {
  const all = placements.map(({ seen }) => seen())
  const moved = all.filter(({ elsewhere }) => elsewhere.size > 0)
  if (moved.length === 0) return undefined
  const change = Math.max(...moved.map(({ lastMisplaced }) => lastMisplaced))

  const explains = (before: number): boolean =>
    all.every(({ elsewhere, firstPlaced, key, partitions }) => {
      if (key === undefined) return true
      const then = partitionOf(key, before)
      // Placed before the change: both numbers put it there.
      if (firstPlaced < change && then !== partitionOf(key, partitions)) return false
      return elsewhere.size === 0 || (elsewhere.size === 1 && elsewhere.has(then))
    })

  const now = moved[0]?.partitions ?? 0
  for (let before = now - 1; before > 0; before--) if (explains(before)) return before
  return undefined
}
