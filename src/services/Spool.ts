/**
 * What waits on the local disk for the sink, and what could not wait there: a restart continues after the one, and the
 * other is to be fetched again or told. Without a spool there is neither. Layer: `layers/Spool`.
 */
import { Context, Effect, Stream } from "effect"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import type { Stands } from "./Positions.ts"

/** Records of one stream that were not kept for want of room. */
export interface Overflow {
  /** The stream's name; of dead letters and control records their key. */
  readonly stream: string
  /** The first and the last one: ids (a candle: its open time), or Unix ms where the stream has none. */
  readonly from: number
  readonly to: number
  /** Of the first one, Unix ms. */
  readonly at: number
  /** The exchange has them still; from the first one on none of the stream is kept until `readmit`. */
  readonly replayable: boolean
  /** They fill a gap that newer ones had passed; else nothing from the first one on is kept, and all can follow in order. */
  readonly late: boolean
  readonly records: number
}

/** What an earlier process left in the spool; it is stored before anything that is published now. */
export interface Held {
  /** By the stream's name, of those that have a sequence. */
  readonly streams: ReadonlyMap<string, Stands>
  /** The continuity records, in order. */
  readonly continuity: ReadonlyArray<SinkRecord>
}

export const nothingHeld: Held = { streams: new Map(), continuity: [] }

export interface SpoolService {
  readonly held: Effect.Effect<Held>
  /** What cannot be fetched again, told once there is room. */
  readonly overflow: Stream.Stream<Overflow>
  /** The spool is drained, and replayable streams are still held back. */
  readonly drained: Stream.Stream<void>
  /** Their records are taken again from now on; gives what was not. */
  readonly readmit: Effect.Effect<ReadonlyArray<Overflow>>
}

export class Spool extends Context.Reference<SpoolService>("binance-kafka/services/Spool", {
  defaultValue: () => ({
    held: Effect.succeed(nothingHeld),
    overflow: Stream.empty,
    drained: Stream.empty,
    readmit: Effect.succeed([])
  })
}) {}
