import { assert, describe, it } from "@effect/vitest"
import * as Repeating from "../../../src/layers/status/Repeating.ts"
import { newStream } from "../../../src/services/Status.ts"

const start = () => {
  const cell = newStream()
  const isRepeating = Repeating.make()
  isRepeating(cell)
  return {
    second: (published: number, dropped: number) => {
      cell.events += published + dropped
      cell.duplicates += dropped
      if (published > 0) cell.lastId = (cell.lastId ?? 0) + published
      return isRepeating(cell)
    }
  }
}

describe("a stream", () => {
  it("repeats itself when for seconds all of it was there before, until something is new", () => {
    const { second } = start()
    assert.isFalse(second(3, 0))
    for (let n = 0; n < 4; n++) assert.isFalse(second(0, 3))
    assert.isUndefined(second(0, 0))
    assert.isTrue(second(0, 1))
    assert.isFalse(second(1, 5))
  })

  it("does not where two connections carry it, however slow it is", () => {
    const { second } = start()
    for (let n = 0; n < 50; n++) assert.notInclude([second(1, 0), second(0, 1), second(0, 0)], true)
  })
})
