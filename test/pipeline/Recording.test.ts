import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { frameOf, lineOf } from "../../src/pipeline/Recording.ts"

const RECEIVED_AT = 1_795_402_801_210

const lineOfText = (text: string) => lineOf({ bytes: Buffer.from(text), receivedAt: RECEIVED_AT })

const again = (line: string | Uint8Array) => {
  const { bytes, receivedAt } = frameOf(Buffer.from(line))
  return { bytes: Buffer.from(bytes).toString("latin1"), receivedAt }
}

describe("a recorded frame", () => {
  it("stands in its line as the JSON that it is, each byte kept", () => {
    const frame = '{"stream":"btcusdt@trade", "data":{"p":"1.50","x":"é","n":1e0}}'
    const line = lineOfText(frame)
    assert.strictEqual(line, `{"receivedAt":${RECEIVED_AT},"frame":${frame}}`)
    assert.deepStrictEqual(again(line), { bytes: Buffer.from(frame).toString("latin1"), receivedAt: RECEIVED_AT })
  })

  it("is text where it is no JSON on one line, base64 where it is no text", () => {
    assert.strictEqual(lineOfText('{"a":\n1}'), `{"receivedAt":${RECEIVED_AT},"text":"{\\"a\\":\\n1}"}`)
    assert.strictEqual(lineOfText(""), `{"receivedAt":${RECEIVED_AT},"text":""}`)
    assert.strictEqual(lineOf({ bytes: Uint8Array.of(0xff, 0x0a), receivedAt: 7 }), '{"receivedAt":7,"base64":"/wo="}')
  })

  it.effect.prop(
    "comes back byte for byte, whatever it holds, from a line of NDJSON",
    [Schema.Union([Schema.Uint8Array, Schema.String, Schema.Json])],
    ([content]) =>
      Effect.sync(() => {
        const bytes =
          content instanceof Uint8Array
            ? content
            : Buffer.from(typeof content === "string" ? content : JSON.stringify(content))
        const line = lineOf({ bytes, receivedAt: RECEIVED_AT })
        assert.notMatch(line, /[\r\n]/)
        assert.strictEqual(JSON.parse(line).receivedAt, RECEIVED_AT)
        assert.deepStrictEqual(again(line), { bytes: Buffer.from(bytes).toString("latin1"), receivedAt: RECEIVED_AT })
      })
  )

  it.each([
    '{"stream":"btcusdt@trade","data":{}}',
    '{"receivedAt":12}',
    '{"receivedAt":12,"frame":{',
    '{"receivedAt":x,"frame":{}}',
    '{"receivedAt":12,"text":"a"b"}',
    '{"receivedAt":12,"text":1}',
    "",
    "{"
  ])("is any other line itself: %s", (line) => {
    assert.deepStrictEqual(again(line), { bytes: line, receivedAt: undefined })
  })
})
