import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import * as Subscribed from "../../src/pipeline/Subscribed.ts"
import { type ControlRequest, MAX_FRAME_BYTES } from "../../src/pipeline/Subscriptions.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** Long ones, so that a few fill a frame. */
const nameOf = (n: number): string => `s${String(n).padStart(2, "0")}${"x".repeat(400)}usdt@trade`

const Names = Schema.Array(between(0, 29))
const Step = Schema.Struct({
  what: Schema.Literals(["want", "renew", "send", "send", "send", "answer", "answer"]),
  names: Names
})
const Steps = Arbitrary.array(Arbitrary.schema(Step), { minLength: 1, maxLength: 60 })

const read = ({ text }: ControlRequest): { readonly method: string; readonly params: ReadonlyArray<string> } =>
  JSON.parse(text)

describe("Subscribed", () => {
  it.prop(
    "ends with what is wanted, names nothing else, and carries no more than it did or is to",
    [Names, Names, Steps],
    ([inUrl, first, steps]) => {
      const carried = new Set(inUrl.map(nameOf))
      let wanted = new Set([...carried, ...first.map(nameOf)])
      const subscribed = Subscribed.make(carried, wanted)
      /** What the exchange carries once it has dealt with what was sent. */
      const exchange = new Set(carried)
      /** What came, went or was asked for anew. */
      const touched = new Set(first.map(nameOf))
      const unanswered: Array<number> = []
      let most = Math.max(exchange.size, wanted.size)
      let lastId = 0

      const send = (): boolean => {
        const frame = subscribed.next()
        if (frame === undefined) return false
        assert.strictEqual(frame.id, ++lastId)
        assert.isAtMost(Buffer.byteLength(frame.text), MAX_FRAME_BYTES)
        const { method, params } = read(frame)
        assert.deepStrictEqual(params, frame.names)
        assert.isNotEmpty(params)
        for (const name of params) {
          assert.include([...touched], name)
          if (method === "SUBSCRIBE") {
            assert.isFalse(exchange.has(name), "it is carried already")
            exchange.add(name)
          } else {
            assert.isTrue(exchange.delete(name), "it is not carried")
          }
        }
        assert.isAtMost(exchange.size, most)
        unanswered.push(frame.id)
        return true
      }

      for (const { names, what } of steps) {
        const these = names.map(nameOf)
        if (what === "want") {
          const next = new Set(these)
          for (const name of [...wanted, ...next]) if (wanted.has(name) !== next.has(name)) touched.add(name)
          wanted = next
          most = Math.max(exchange.size, wanted.size)
          subscribed.want(these)
        } else if (what === "renew") {
          for (const name of these) touched.add(name)
          subscribed.renew(these)
        } else if (what === "send") {
          send()
        } else {
          const id = unanswered.shift()
          if (id !== undefined) subscribed.answered(id)
        }
      }
      while (send()) assert.isFalse(subscribed.isSettled())
      assert.deepStrictEqual([...exchange].toSorted(), [...wanted].toSorted())
      for (const id of unanswered.splice(0)) {
        assert.isFalse(subscribed.isSettled())
        subscribed.answered(id)
      }
      assert.isTrue(subscribed.isSettled())
      assert.isUndefined(subscribed.next())
    }
  )

  it("asks for nothing that came and went before its turn", () => {
    const subscribed = Subscribed.make(["a@trade"], ["a@trade"])
    subscribed.want(["a@trade", "b@trade"])
    subscribed.want(["a@trade"])
    assert.isUndefined(subscribed.next())
    assert.isTrue(subscribed.isSettled())
  })

  it("lets go of what goes before it takes what comes, and asks anew for what it keeps", () => {
    const subscribed = Subscribed.make(["a@trade", "b@trade"], ["a@trade", "b@trade"])
    subscribed.want(["b@trade", "c@trade"])
    subscribed.renew(["b@trade", "elsewhere@trade"])
    assert.deepStrictEqual(
      [subscribed.next(), subscribed.next(), subscribed.next()].map((frame) => frame?.text),
      [
        '{"method":"UNSUBSCRIBE","params":["a@trade","b@trade"],"id":1}',
        '{"method":"SUBSCRIBE","params":["b@trade","c@trade"],"id":2}',
        undefined
      ]
    )
  })
})
