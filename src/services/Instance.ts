/** Which process it was: what it writes bears it, so that two connectors on one topic can be told from each other. */
import { Context, Effect, Random } from "effect"

export const newInstance = Effect.map(Random.nextIntBetween(0, 2 ** 32), (number) =>
  number.toString(16).padStart(8, "0")
)

/** Eight hexadecimal digits, drawn anew by every process, and by every run of a shard. */
export class Instance extends Context.Reference<string>("binance-kafka/services/Instance", {
  defaultValue: () => Effect.runSync(newInstance)
}) {}
