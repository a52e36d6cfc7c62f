import { assert, describe, it } from "@effect/vitest"
import * as Ledger from "../../bench/Ledger.ts"

const judge = (stored: ReadonlyArray<number>) => {
  const ledger = Ledger.make([{ stream: "a", first: 1, last: 5 }])
  for (const number of stored) ledger.see("a", number)
  return Ledger.faultsOf(ledger.verdict())
}

describe("the ledger", () => {
  it("finds nothing where all is there once and in order", () => {
    assert.deepStrictEqual(judge([1, 2, 3, 4, 5]), [])
  })

  it.each<[string, ReadonlyArray<number>, ReadonlyArray<string>]>([
    ["lost", [1, 2, 5], ["2 lost"]],
    ["lost at the end", [1, 2, 3], ["2 lost"]],
    ["doubled", [1, 2, 2, 3, 4, 5, 1], ["2 doubled"]],
    ["out of order", [1, 3, 2, 4, 5], ["1 out of order"]],
    ["never sent", [0, 1, 2, 3, 4, 5, 6], ["2 never sent"]],
    ["nothing at all", [], ["5 lost"]]
  ])("finds what is %s", (_, stored, faults) => {
    assert.deepStrictEqual(judge(stored), faults)
  })

  it("knows each stream by itself", () => {
    const ledger = Ledger.make([
      { stream: "a", first: 1, last: 2 },
      { stream: "b", first: 1, last: 2 }
    ])
    for (const stream of ["b", "a"]) for (const number of [1, 2]) ledger.see(stream, number)
    ledger.see("c", 1)
    assert.deepStrictEqual(ledger.verdict(), { stored: 5, lost: 0, doubled: 0, outOfOrder: 0, foreign: 1 })
  })
})
