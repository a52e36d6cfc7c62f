import { assert, describe, it } from "@effect/vitest"
import { Agenda } from "../../src/simulator/Agenda.ts"

describe("Agenda", () => {
  it("does what is due in the order of time, and of entry where that is the same", () => {
    const agenda = new Agenda()
    const done: Array<string> = []
    const at = (due: number, name: string) => agenda.at(due, () => done.push(name))
    at(20, "c")
    at(10, "a")
    at(10, "b")
    at(30, "d")
    agenda.tick(9)
    assert.deepStrictEqual(done, [])
    agenda.tick(20)
    assert.deepStrictEqual(done, ["a", "b", "c"])
    agenda.tick(100)
    agenda.tick(100)
    assert.deepStrictEqual(done, ["a", "b", "c", "d"])
  })
})
