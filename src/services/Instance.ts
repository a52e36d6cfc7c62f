/** Which process it was: what it writes bears it, so that two connectors on one topic can be told from each other. */
import { Context, Effect, Random } from "effect"

const make = Effect.map(Random.nextIntBetween(0, 2 ** 32), (number) => number.toString(16).padStart(8, "0"))

/** Eight hexadecimal digits, drawn anew by every process. */
export class Instance extends Context.Reference<string>("binance-kafka/services/Instance", {
  defaultValue: () => Effect.runSync(make)
}) {}
