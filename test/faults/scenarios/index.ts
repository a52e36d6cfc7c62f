/** Every scenario of the suite. */
import type { Scenario } from "../scenario.ts"
import { exchange } from "./exchange.ts"
import { futures } from "./futures.ts"
import { groups } from "./group.ts"
import { kafkaFaults } from "./kafka.ts"
import { processFaults } from "./process.ts"
import { reshapes } from "./reshape.ts"
import { rest } from "./rest.ts"

export const scenarios: ReadonlyArray<Scenario> = [
  ...exchange,
  ...rest,
  ...kafkaFaults,
  ...processFaults,
  ...futures,
  ...reshapes,
  ...groups
]
