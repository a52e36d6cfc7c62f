import { Context, Duration } from "effect"

const MIB = 1024 * 1024

/** When the spool is engaged, and what it holds at a time. */
export class SpoolLimits extends Context.Reference<{
  /** Nothing is stored for so long though something waits. */
  readonly stall: Duration.Duration
  /** So much memory waits in the sink: half of what it can hold. */
  readonly waitingBytes: number
  /** So much is read from the disk and sent before more is. */
  readonly drainBytes: number
  readonly segmentBytes: number
}>("binance-kafka/layers/SpoolLimits", {
  defaultValue: () => ({
    stall: Duration.seconds(5),
    waitingBytes: 32 * MIB,
    drainBytes: 2 * MIB,
    segmentBytes: 8 * MIB
  })
}) {}
