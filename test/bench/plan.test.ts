import { assert, describe, it } from "@effect/vitest"
import type { Case, Cell } from "../../bench/cells/Cell.ts"
import * as Plan from "../../bench/plan.ts"
import { barsTable } from "../../bench/report/bars.ts"

const contestant = (name: string): Case => ({
  variant: "",
  contestant: { name, about: "", storesInKafka: true, command: () => ({ args: [], environment: {} }) },
  run: () => Promise.resolve({ figures: {}, faults: [] })
})
const cell = (name: string, more: Partial<Cell> = {}): Cell => ({
  name,
  about: "",
  rounds: () => 2,
  cases: () => [contestant("a"), contestant("b")],
  ...more
})
const quick = { isQuick: true }
const whole = { isQuick: false }
const namesOf = (cells: ReadonlyArray<Cell>) => cells.map(({ name }) => name)

describe("the plan of a run", () => {
  const cells = [cell("one", { isInQuick: true }), cell("two"), cell("three", { isOnRequest: true })]

  it("leaves out what is not asked for", () => {
    assert.deepStrictEqual(namesOf(Plan.chosen(cells, whole)), ["one", "two"])
    assert.deepStrictEqual(namesOf(Plan.chosen(cells, quick)), ["one"])
    assert.deepStrictEqual(namesOf(Plan.chosen(cells, quick, ["three"])), ["three"])
  })

  it("alternates the contestants round by round, from either end", () => {
    const steps = Plan.steps([cell("one")], whole, {})
    assert.deepStrictEqual(
      steps.map(({ one, round }) => `${round}${one.contestant.name}`),
      ["1a", "1b", "2b", "2a"]
    )
    assert.strictEqual(Plan.steps([cell("one")], whole, { rounds: 3, only: ["b"] }).length, 3)
  })
})

describe("the bars", () => {
  const measurement = (contestant: string, round: number, perSecond: number) => ({
    cell: "flood",
    variant: "",
    contestant,
    round,
    figures: { perSecond },
    faults: []
  })

  it("are ratios of the same rounds", () => {
    const table = barsTable([
      measurement("connector", 1, 90),
      measurement("bare-kafkajs-serial", 1, 100),
      measurement("connector", 2, 40),
      measurement("bare-kafkajs-serial", 2, 50)
    ])
    assert.include(table, "| connector ÷ bare-kafkajs-serial | 0.85 [0.80..0.90] | 2 | ≥ 0.85 |  | met |")
    assert.include(
      barsTable([measurement("connector", 1, 10), measurement("naive-effect", 1, 10)]),
      "| ≥ 1.80 | ≥ 3.00 | **missed** |"
    )
  })
})
