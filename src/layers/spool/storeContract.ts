/** What a store of records on disk is, and what it answers: see `Store.ts`. */
import type { Effect } from "effect"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { StoreError } from "./files.ts"

export interface Options {
  readonly folder: string
  /** Above so many bytes nothing more is kept. */
  readonly maxBytes: number
  /** A segment takes no more records above so many. */
  readonly segmentBytes: number
  /** Every write outlives a power cut. */
  readonly fsync: boolean
}

/** Why records are not kept: the bound is reached, the disk is full, or something worse. */
export interface Fault {
  readonly kind: "bound" | "full" | "broken"
  readonly reason: string
}

export interface Kept {
  /** How many of the records, the first ones. */
  readonly records: number
  /** Why not all of them. */
  readonly fault?: Fault
}

export interface Entry {
  readonly number: number
  readonly record: SinkRecord
}

export interface Batch {
  readonly entries: ReadonlyArray<Entry>
  /** To be acknowledged once these are stored elsewhere, and all that was read before. */
  readonly end: number
  /** Records before `end` that are damaged, and were not counted yet. */
  readonly damaged: number
}

export interface Status {
  /** The number of the first record that is not acknowledged, and the one that the next record will get. */
  readonly head: number
  readonly end: number
  /** Of all files. */
  readonly bytes: number
}

export interface Store {
  readonly append: (records: ReadonlyArray<SinkRecord>, limit?: "unlimited") => Effect.Effect<Kept>
  /** Goes on from what was read last, first from the head; without entries there is nothing more for now. */
  readonly read: (maxBytes: number) => Effect.Effect<Batch, StoreError>
  /** The next read begins with the head again. */
  readonly rewind: Effect.Effect<void>
  /** Everything before this number is stored elsewhere. */
  readonly ack: (end: number) => Effect.Effect<void>
  /** Deletes what is acknowledged in the file that is still written. */
  readonly compact: Effect.Effect<void>
  /** Writes a little; gives why that fails. */
  readonly probe: Effect.Effect<Fault | undefined>
  readonly status: () => Status
}
