import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { InFlight } from "../../../src/layers/kafkajs/InFlight.ts"

const Step = Schema.Struct({
  do: Schema.Literals(["ask", "ask", "ask", "answer first", "answer any", "answer unknown", "clear"]),
  which: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 9 }))
})

describe("InFlight", () => {
  it.prop("is what a Map is, as far as kafkajs uses one", [Schema.Array(Step)], ([steps]) => {
    const list = new InFlight<string>()
    const map = new Map<number, string>()
    let next = 0
    const forget = (id: number) => {
      assert.strictEqual(list.get(id), map.get(id))
      list.delete(id)
      map.delete(id)
      assert.isFalse(list.has(id))
    }
    for (const { do: what, which } of steps) {
      const ids = [...map.keys()]
      if (what === "ask") {
        list.set(next, `request ${next}`)
        map.set(next, `request ${next++}`)
      } else if (what === "clear") {
        list.clear()
        map.clear()
      } else if (what === "answer unknown") forget(next + which)
      else forget((what === "answer first" ? ids[0] : ids[which]) ?? next)
      const visited: Array<string> = []
      list.forEach((request) => visited.push(request))
      assert.strictEqual(list.size, map.size)
      assert.deepStrictEqual([...list.values()], [...map.values()])
      assert.deepStrictEqual(visited, [...map.values()])
      for (const [id, request] of map) {
        assert.isTrue(list.has(id))
        assert.strictEqual(list.get(id), request)
      }
    }
  })

  it.each<[string, (list: InFlight<number>, visit: (request: number) => void) => void]>([
    [
      "values, one by one",
      (list, visit) => {
        for (const request of list.values()) visit(request)
      }
    ],
    ["forEach", (list, visit) => list.forEach(visit)]
  ])("goes on with what there was when requests are taken off meanwhile: %s", (_, each) => {
    const list = new InFlight<number>()
    for (const id of [1, 2, 3]) list.set(id, id)
    const visited: Array<number> = []
    each(list, (id) => {
      list.delete(id)
      visited.push(id)
    })
    assert.deepStrictEqual(visited, [1, 2, 3])
    assert.strictEqual(list.size, 0)
  })
})
