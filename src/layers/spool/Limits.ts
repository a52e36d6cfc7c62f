import { Context, Duration } from "effect"

const MIB = 1024 * 1024

/** When the spool is engaged, and what it holds at a time. */
export class SpoolLimits extends Context.Reference<{
  /** Nothing is stored for so long though something waits. */
  readonly stall: Duration.Duration
  /** So much memory may wait in the sink, which can hold several times as much. */
  readonly waitingBytes: number
  /** How long that may last where Kafka is slower than what comes. */
  readonly slowKafka: Duration.Duration
  /** And where this process is: the disk would only be more work for it, as long as the exchange can wait. */
  readonly slowProcess: Duration.Duration
  /** So much is read from the disk and sent before more is. */
  readonly drainBytes: number
  readonly segmentBytes: number
}>("binance-kafka/layers/SpoolLimits", {
  defaultValue: () => ({
    stall: Duration.seconds(5),
    waitingBytes: 3 * MIB,
    slowKafka: Duration.seconds(2),
    slowProcess: Duration.seconds(15),
    drainBytes: 2 * MIB,
    segmentBytes: 8 * MIB
  })
}) {}
