/** The scenarios that every check goes through; `npm run faults` has all of them. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { afterAll, beforeAll } from "vitest"
import { describeKafka } from "../support/kafka/describeKafka.ts"
import { execute } from "./execute.ts"
import { type Kafka, startOne } from "./kafka.ts"
import { row } from "./report.ts"
import type { Scenario } from "./scenario.ts"
import { scenarios } from "./scenarios/index.ts"

const find = (name: string): Scenario => {
  const found = scenarios.find((one) => one.name === name)
  if (found === undefined) throw new Error(`there is no scenario ${name}`)
  return found
}

/** Several in one run, to be quick. */
const inTurn = (name: string, ...scenarios: ReadonlyArray<Scenario>): Scenario => ({
  name,
  about: scenarios.map(({ about }) => about).join("; "),
  sabotages: [],
  simulator: { rate: 900 },
  settleSeconds: 120,
  run: (world) => Effect.forEach(scenarios, ({ run }) => run(world), { discard: true })
})

const exchange = inTurn("exchange", ...["cut-mid-burst", "repeats-and-reordering", "range-dropped"].map(find))
const kafkaAway = inTurn("kafka-in-doubt", ...["stored-but-unanswered", "kafka-away"].map(find))

describeKafka("the ledger", () => {
  let kafka: Kafka
  beforeAll(async () => {
    kafka = await startOne()
  })
  afterAll(() => kafka.remove())

  const play = (scenario: Scenario, acks: "1" | "all", sabotage?: "history") =>
    Effect.suspend(() => execute(scenario, { acks, kafka, seed: 1, size: "quick", sabotage }))

  const holds = (scenario: Scenario, acks: "1" | "all") =>
    Effect.map(play(scenario, acks), (outcome) => assert.deepStrictEqual(outcome.faults, [], row(outcome)))

  it.live("holds when connections are cut, and frames are doubled, late and lost", () => holds(exchange, "1"))

  it.live("holds when the process is killed three times", () => holds(find("sigkill"), "1"))

  it.live("holds when Kafka's answers are lost, and when it is away", () => holds(kafkaAway, "all"))

  it.live("holds of futures, too, on both of their paths", () => holds(find("futures"), "1"))

  it.live("shows what is missing where nothing mends it", () =>
    Effect.map(play(find("range-dropped"), "1", "history"), ({ judgement }) =>
      assert.isAbove(judgement?.missing ?? 0, 0)
    )
  )
})
