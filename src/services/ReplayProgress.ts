/** Who is told how far a recording has been read, and what of; nobody, unless somebody asks. */
import { Context } from "effect"

export class ReplayProgress extends Context.Reference<(read: number, total: number) => void>(
  "binance-kafka/services/ReplayProgress",
  { defaultValue: () => () => {} }
) {}
