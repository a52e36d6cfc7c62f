/** Who takes part. */
import { bare } from "./bare/index.ts"
import { connector } from "./connector.ts"
import type { Contestant } from "./job.ts"

export const contestants: ReadonlyArray<Contestant> = [
  connector("kafkajs"),
  bare("kafkajs"),
  bare("kafkajs", true),
  bare("null")
]
