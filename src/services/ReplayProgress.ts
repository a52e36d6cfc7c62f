/** Who is told how far a recording has been read; nobody, unless somebody asks. */
import { Context } from "effect"

export interface ReplayState {
  /** Bytes of the file that have been read, and all there are. */
  readonly read: number
  readonly size: number
  /** Frames given so far. */
  readonly frames: number
}

export class ReplayProgress extends Context.Reference<(state: ReplayState) => void>(
  "binance-kafka/services/ReplayProgress",
  { defaultValue: () => () => {} }
) {}
