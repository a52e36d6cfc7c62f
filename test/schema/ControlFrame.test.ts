import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import { ControlFrame, decodeControlFrame } from "../../src/schema/ControlFrame.ts"
import { streamKinds } from "../../src/schema/kinds/registry.ts"
import { taught } from "./kinds/samples.ts"

const { Ack, Rejection, ServerShutdown } = ControlFrame

describe("decodeControlFrame", () => {
  it.each<readonly [string, ControlFrame]>([
    ['{"result":null,"id":7}', Ack({ result: null, id: 7 })],
    ['{"result":["ethusdt@trade"],"id":9}', Ack({ result: ["ethusdt@trade"], id: 9 })],
    ['{"result":true,"id":"a1"}', Ack({ result: true, id: "a1" })],
    ['{"result":null,"id":null}', Ack({ result: null, id: null })],
    ['{"id":-1,"result":[],"extra":1}', Ack({ result: [], id: -1 })],
    ['{"code":0,"msg":"Unknown property","id":3}', Rejection({ code: 0, message: "Unknown property", id: 3 })],
    ['{"code":3,"msg":"Invalid JSON"}', Rejection({ code: 3, message: "Invalid JSON", id: null })],
    [
      '{"error":{"code":4,"msg":"Too many subscriptions"},"id":19}',
      Rejection({ code: 4, message: "Too many subscriptions", id: 19 })
    ],
    ['{"error":{"code":-1003,"msg":"busy"}}', Rejection({ code: -1003, message: "busy", id: null })],
    ['{"e":"serverShutdown","E":1795402800123}', ServerShutdown({ at: 1795402800123 })],
    ['{"e":"serverShutdown","E":1795402800123456}', ServerShutdown({ at: 1795402800123 })],
    ['{"e":"serverShutdown"}', ServerShutdown({ at: undefined })],
    ['{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}', ServerShutdown({ at: 1 })],
    ['{"stream":"btcusdt@trade","data":{"e":"serverShutdown","E":1}}', ServerShutdown({ at: 1 })]
  ])("reads %s", (text, expected) => {
    assert.deepStrictEqual(decodeControlFrame(JSON.parse(text)), Option.some(expected))
  })

  it.each([
    "null",
    "[]",
    "{}",
    '"serverShutdown"',
    '{"result":null}',
    '{"id":7}',
    '{"result":null,"id":1.5}',
    '{"result":{"x":1},"id":7}',
    '{"code":"2","msg":"x"}',
    '{"code":2}',
    '{"error":"x","id":1}',
    '{"e":"SERVERSHUTDOWN"}',
    '{"e":"serverShutdown","E":"soon"}',
    '{"data":{"e":"serverShutdown","E":1}}',
    '{"stream":"btcusdt@trade","data":{},"id":1,"result":null}',
    '{"stream":"btcusdt@trade","data":{},"code":1,"msg":"x"}',
    '{"stream":"btcusdt@trade","data":{},"error":{"code":1,"msg":"x"}}',
    '{"__proto__":{"result":null,"id":1}}'
  ])("leaves %s alone", (text) => {
    assert.isTrue(Option.isNone(decodeControlFrame(JSON.parse(text))))
  })

  it("takes no event for a control frame, wrapped or not", () => {
    for (const { name } of streamKinds) {
      const payload = taught(name)
      for (const json of [payload, { stream: "btcusdt@any", data: payload }, { stream: "!any@arr", data: [payload] }]) {
        assert.isTrue(Option.isNone(decodeControlFrame(json)))
      }
    }
  })

  it.prop("answers whatever JSON there is", [Schema.Json], ([json]) => {
    assert.isTrue(Option.isOption(decodeControlFrame(json)))
  })
})
