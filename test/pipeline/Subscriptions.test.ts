import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import * as Subscribed from "../../src/pipeline/Subscribed.ts"
import {
  type ConnectionPlan,
  type ControlRequest,
  MAX_FRAME_BYTES,
  MAX_STREAMS_PER_CONNECTION,
  place,
  plan,
  spread
} from "../../src/pipeline/Subscriptions.ts"
import { parseStreamName, type StreamName } from "../../src/schema/StreamName.ts"

const base = new URL("wss://stream.binance.com:9443/stream")
const streams = (count: number, symbol = "sym"): ReadonlyArray<StreamName> =>
  Array.from({ length: count }, (_, n) => Result.getOrThrow(parseStreamName(`${symbol}${n}usdt@trade`)))

const group = (streams: ReadonlyArray<StreamName>) => ({ route: undefined, streams })

const inUrl = (url: string): ReadonlyArray<string> => (new URL(url).searchParams.get("streams") ?? "").split("/")
const inFrame = ({ text }: ControlRequest): ReadonlyArray<string> =>
  (JSON.parse(text) as { params: Array<string> }).params

/** What has to be sent beside the URL. */
const framesOf = ({ inUrl, streams }: ConnectionPlan): ReadonlyArray<ControlRequest> => {
  const subscribed = Subscribed.make(
    inUrl,
    streams.map(({ name }) => name)
  )
  const frames: Array<ControlRequest> = []
  for (let frame = subscribed.next(); frame !== undefined; frame = subscribed.next()) frames.push(frame)
  return frames
}

describe("Subscriptions", () => {
  it("puts a few streams into the URL, in order", () => {
    const only = plan("binance-1", base, group(streams(3)))
    assert.strictEqual(
      only.url,
      "wss://stream.binance.com:9443/stream?streams=sym0usdt@trade/sym1usdt@trade/sym2usdt@trade"
    )
    assert.deepStrictEqual(framesOf(only), [])
    assert.strictEqual(spread(streams(3)).length, 1)
  })

  it("keeps a query that the URL already has", () => {
    const only = plan("binance-1", new URL(`${base.href}?timeUnit=MICROSECOND`), group(streams(1)))
    assert.strictEqual(only.url, `${base.href}?timeUnit=MICROSECOND&streams=sym0usdt@trade`)
  })

  it("encodes what a URL cannot hold", () => {
    const names = ["币安usdt@trade", "btcusdt@kline_1m"].map((name) => Result.getOrThrow(parseStreamName(name)))
    const { url } = plan("binance-1", base, group(names))
    assert.match(url, /^[\x21-\x7e]+$/)
    assert.deepStrictEqual(inUrl(url), ["币安usdt@trade", "btcusdt@kline_1m"])
  })

  for (const [count, symbol] of [
    [1, "a"],
    [1024, "sym"],
    [1025, "sym"],
    [2500, "币安人生"]
  ] as const) {
    it(`spreads ${count} streams so that each is carried once and every limit holds`, () => {
      const all = streams(count, symbol)
      const plans = spread(all).map((some) => plan("binance-1", base, some))
      for (const one of plans) {
        const { streams, url } = one
        const subscribe = framesOf(one)
        assert.isAtMost(streams.length, MAX_STREAMS_PER_CONNECTION)
        assert.isAtMost(url.length, MAX_FRAME_BYTES)
        for (const { text } of subscribe) assert.isAtMost(Buffer.byteLength(text), MAX_FRAME_BYTES)
        assert.deepStrictEqual(
          subscribe.map(({ id, names, text }) => [id, names, JSON.parse(text)]),
          subscribe.map((one, n) => [n + 1, inFrame(one), { method: "SUBSCRIBE", params: one.names, id: n + 1 }])
        )
      }
      assert.deepStrictEqual(
        plans.flatMap((one) => [...inUrl(one.url), ...framesOf(one).flatMap(inFrame)]),
        all.map(({ name }) => name)
      )
    })
  }

  it("places more of them where there is room, in order", () => {
    const more = streams(5)
    const rooms = (...all: ReadonlyArray<number>) => all.map((room) => ({ route: undefined, room }))
    assert.deepStrictEqual(place(more, rooms(2, 0, 2)), {
      placed: [more.slice(0, 2), [], more.slice(2, 4)],
      left: more.slice(4)
    })
    assert.deepStrictEqual(place(more, rooms(9)), { placed: [more], left: [] })
    assert.deepStrictEqual(place(more, rooms(-3)), { placed: [[]], left: more })
  })
})
