/** The scenarios that every check goes through; `npm run faults` has all of them. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { afterAll, beforeAll } from "vitest"
import { describeKafka } from "../support/kafka/describeKafka.ts"
import { type Acks, execute, type Outcome } from "./execute.ts"
import { type Kafka, startOne } from "./kafka.ts"
import { row } from "./report.ts"
import type { Sabotage } from "./scenario.ts"
import { scenarios } from "./scenarios/index.ts"

const quick: ReadonlyArray<readonly [name: string, acks: Acks]> = [
  ["cut-mid-burst", "1"],
  ["repeats-and-reordering", "1"],
  ["range-dropped", "all"],
  ["sigkill", "1"],
  ["stored-but-unanswered", "1"],
  ["stored-but-unanswered", "all"],
  ["kafka-away", "all"]
]

describeKafka("the ledger", () => {
  let kafka: Kafka
  beforeAll(async () => {
    kafka = await startOne()
  })
  afterAll(() => kafka.remove())

  const play = (name: string, acks: Acks, sabotage?: Sabotage): Effect.Effect<Outcome> =>
    Effect.suspend(() => {
      const scenario = scenarios.find((one) => one.name === name)
      return scenario === undefined
        ? Effect.die(`there is no ${name}`)
        : execute(scenario, { acks, kafka, seed: 1, size: "quick", sabotage })
    })

  it.live.each(quick)("is kept once and in order: %s with KAFKA_ACKS=%s", ([name, acks]) =>
    Effect.map(play(name, acks), (outcome) => assert.deepStrictEqual(outcome.faults, [], row(outcome)))
  )

  it.live("shows what is missing where nothing mends it", () =>
    Effect.map(play("range-dropped", "1", "history"), ({ judgement }) => assert.isAbove(judgement?.missing ?? 0, 0))
  )
})
