import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Decoder from "../../src/pipeline/Decoder.ts"
import { parseStreamName } from "../../src/schema/StreamName.ts"

const streams = [
  "btcusdt@trade",
  "btcusdt@depth5",
  "ethusdt@kline_1M@+08:00",
  "币安usdt@trade",
  "!miniTicker@arr",
  "!ticker_1h@arr"
].map((name) => Result.getOrThrow(parseStreamName(name)))
const decode = Decoder.make(streams)

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const frame = (text: string | Uint8Array) => ({
  bytes: typeof text === "string" ? bytes(text) : text,
  receivedAt: 1_700_000_000_000
})
const trade = (fields: object = {}) =>
  JSON.stringify({
    e: "trade",
    E: 1_699_999_999_999,
    s: "BTCUSDT",
    t: 42,
    p: "43000.01000000",
    q: "0.00100000",
    T: 1_699_999_999_998,
    m: true,
    M: true,
    ...fields
  })
const row = (fields: object = {}) =>
  JSON.stringify({ e: "24hrMiniTicker", E: 1, s: "ETHUSDT", c: "1", o: "1", h: "1", l: "1", v: "1", q: "1", ...fields })
const candle = (i: string) => {
  const prices = { o: "1", c: "1", h: "1", l: "1", v: "1", q: "1", V: "1", Q: "1" }
  const k = { t: 1, T: 2, s: "ETHUSDT", i, f: 1, L: 1, n: 1, x: false, ...prices }
  return JSON.stringify({ e: "kline", E: 2, s: "ETHUSDT", k })
}
const windowRow = (e: string) => {
  const prices = { p: "1", P: "1", o: "1", h: "1", l: "1", c: "1", w: "1", v: "1", q: "1" }
  return JSON.stringify({ e, E: 2, s: "ETHUSDT", ...prices, O: 1, C: 2, F: 1, L: 1, n: 1 })
}
const combined = (stream: string, data: string) => `{"stream":"${stream}","data":${data}}`

const only = (text: string | Uint8Array) => {
  const { controls, events, rejections } = decode([frame(text)])
  return { event: events[0], rejection: rejections[0], control: controls[0], events, rejections, controls }
}

describe("Decoder", () => {
  it("keeps the payload's text as received", () => {
    const data = trade({ unknown: { nested: [1.5e3, "\u00e9\\"] } })
    const { event, rejections } = only(combined("btcusdt@trade", data))
    assert.strictEqual(event?.json, data)
    assert.strictEqual(event?.symbol, "BTCUSDT")
    assert.deepStrictEqual(event?.facts.span, { first: 42, last: 42 })
    assert.deepStrictEqual(rejections, [])
  })

  it("reads a frame however its JSON is laid out", () => {
    const data = ' { "e":"trade", "E":1,"s":"BTCUSDT","t":1,"p":"1","q":"1","T":1,"m":true } '
    for (const text of [
      `{"data":${data},"stream":"btcusdt@trade"}`,
      `\n{ "stream" : "btcusdt@trade", "data":${data}, "more":1}\n`,
      `{"stream":"btcusdt@tra\\u0064e","data":${data}}`,
      `{"stream":"other","stream":"btcusdt@trade","data":1,"data":${data}}`
    ]) {
      const { event, rejection } = only(text)
      assert.isUndefined(rejection, text)
      assert.strictEqual(event?.json.trim(), data.trim())
    }
  })

  it("decodes symbols that are not ASCII", () => {
    const { event } = only(combined("币安usdt@trade", trade({ s: "币安USDT" })))
    assert.strictEqual(event?.symbol, "币安USDT")
  })

  it("takes the symbol from the stream where the payload has none", () => {
    const { event } = only(combined("btcusdt@depth5", '{"lastUpdateId":1,"bids":[["1.0","2.0"]],"asks":[]}'))
    assert.strictEqual(event?.symbol, "BTCUSDT")
    assert.isUndefined(event?.facts.eventTime)
  })

  it("makes one event of each row of an array", () => {
    const rows = [row(), row({ s: "BTCUSDT" })]
    const { events, rejections } = only(combined("!miniTicker@arr", `[ ${rows.join(" , ")} ]`))
    assert.deepStrictEqual(
      events.map(({ json, symbol }) => [symbol, json]),
      [
        ["ETHUSDT", rows[0]],
        ["BTCUSDT", rows[1]]
      ]
    )
    assert.deepStrictEqual(rejections, [])
  })

  it("publishes the good rows of an array and rejects the frame once", () => {
    const text = combined(
      "!miniTicker@arr",
      `[${row()},${row({ c: 1 })},${row({ o: "abc" })},${row({ s: "BTCUSDT" })}]`
    )
    const { events, rejections } = only(text)
    assert.deepStrictEqual(
      events.map(({ symbol }) => symbol),
      ["ETHUSDT", "BTCUSDT"]
    )
    assert.strictEqual(rejections.length, 1)
    assert.strictEqual(rejections[0]?.field, "1.c")
    assert.deepStrictEqual(rejections[0]?.frame.bytes, bytes(text))
  })

  describe("rejects", () => {
    const cases: ReadonlyArray<readonly [name: string, text: string | Uint8Array, reason: RegExp, field?: string]> = [
      ["broken UTF-8", Uint8Array.of(0x7b, 0xff, 0x7d), /UTF-8/],
      ["nothing", "", /JSON/],
      ["half a frame", combined("btcusdt@trade", trade()).slice(0, -5), /JSON/],
      ["two payloads in one", combined("btcusdt@trade", `${trade()},"x":${trade()}`).slice(0, -1), /JSON/],
      ["a bare payload", trade(), /combined form/, "stream"],
      ["a stream that was not asked for", combined("ethusdt@trade", trade()), /not a configured stream/, "stream"],
      ["a missing payload", '{"stream":"btcusdt@trade"}', /payload is missing/, "data"],
      ["a payload of another symbol", combined("btcusdt@trade", trade({ s: "ETHUSDT" })), /ETHUSDT/, "s"],
      ["a candle of another interval", combined("ethusdt@kline_1M@+08:00", candle("1m")), /kline_1m.*kline_1M@\+08:00/],
      ["a number for a price", combined("btcusdt@trade", trade({ p: 1.5 })), /string/, "p"],
      ["words for a price", combined("btcusdt@trade", trade({ p: "abc" })), /decimal/, "p"],
      ["another event's type", combined("btcusdt@trade", trade({ e: "aggTrade" })), /trade/, "e"],
      ["an id that a double cannot hold", combined("btcusdt@trade", trade({ t: 2 ** 53 })), /./, "t"],
      ["null", combined("btcusdt@trade", "null"), /./],
      ["an array where one event is due", combined("btcusdt@trade", `[${trade()}]`), /./],
      ["one row where an array is due", combined("!miniTicker@arr", row()), /array/],
      ["a prototype for a payload", combined("btcusdt@trade", '{"__proto__":{"e":"trade"}}'), /./],
      ["depth without end", combined("btcusdt@trade", "[".repeat(100_000) + "]".repeat(100_000)), /./]
    ]
    for (const [name, text, reason, field] of cases) {
      it(name, () => {
        const { events, rejections } = only(text)
        assert.deepStrictEqual(events, [])
        assert.strictEqual(rejections.length, 1)
        assert.match(rejections[0]?.reason ?? "", reason)
        if (field !== undefined) assert.strictEqual(rejections[0]?.field, field)
        assert.deepStrictEqual(rejections[0]?.frame.bytes, frame(text).bytes)
      })
    }
  })

  it("takes a candle of the interval that was asked for", () => {
    assert.strictEqual(only(combined("ethusdt@kline_1M@+08:00", candle("1M"))).events.length, 1)
  })

  it("publishes the rows of the window that was asked for, and names the first of another", () => {
    const rows = [windowRow("1hTicker"), windowRow("4hTicker"), windowRow("1hTicker")]
    const { events, rejection } = only(combined("!ticker_1h@arr", `[${rows.join()}]`))
    assert.strictEqual(events.length, 2)
    assert.deepInclude(rejection, { field: "1", reason: "the payload is of ticker_4h, the stream is !ticker_1h@arr" })
  })

  it("clips what a rejection says of the frame, not the frame", () => {
    const long = "x".repeat(1_200_000)
    for (const text of [
      combined(long, trade()),
      combined("btcusdt@trade", trade({ s: long })),
      combined("!miniTicker@arr", `[${row({ s: long })}]`),
      combined("!miniTicker@arr", `[${row({ c: long })}]`)
    ]) {
      const { events, rejection } = only(text)
      assert.deepStrictEqual(events, [])
      for (const said of [rejection?.reason, rejection?.stream, rejection?.field]) {
        assert.isAtMost(said?.length ?? 0, 256)
      }
      assert.strictEqual(rejection?.frame.bytes.byteLength, text.length)
    }
    assert.match(only(combined(long, trade())).rejection?.stream ?? "", /^x{255}…$/)
  })

  it("sees control frames for what they are", () => {
    for (const [text, tag] of [
      ['{"result":null,"id":7}', "Ack"],
      ['{"code":2,"msg":"Invalid request"}', "Rejection"],
      ['{"error":{"code":4,"msg":"Too many subscriptions"},"id":19}', "Rejection"],
      ['{"e":"serverShutdown","E":1795402800123}', "ServerShutdown"],
      ['{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1795402800123}}', "ServerShutdown"],
      ['{"stream":"btcusdt@trade","data":{"e":"serverShutdown","E":1795402800123}}', "ServerShutdown"]
    ] as const) {
      const { control, events, rejections } = only(text)
      assert.strictEqual(control?._tag, tag, text)
      assert.deepStrictEqual([events, rejections], [[], []])
    }
  })

  it("keeps the order of a chunk, whatever stands between good frames", () => {
    const frames = [1, 2, 3].flatMap((t) => [
      frame(combined("btcusdt@trade", trade({ t }))),
      frame("garbage"),
      frame('{"result":null,"id":1}')
    ])
    const { controls, events, rejections } = decode(frames)
    assert.deepStrictEqual(
      events.map(({ facts }) => facts.id),
      [1, 2, 3]
    )
    assert.strictEqual(rejections.length, 3)
    assert.strictEqual(controls.length, 3)
  })
})
