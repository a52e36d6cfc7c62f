import { assert, describe, it } from "@effect/vitest"
import * as Latency from "../../../src/layers/binance/latency.ts"

const frame = (data: string, receivedAt = 1_700_000_000_040) => ({
  bytes: Buffer.from(`{"stream":"btcusdt@trade","data":${data}}`),
  receivedAt
})

describe("latencyOf", () => {
  it.each([
    ['{"e":"trade","E":1700000000000,"s":"BTCUSDT"}', 40],
    ['{"e":"trade","E":1700000000000500,"s":"BTCUSDT"}', 39.5],
    ['{"E":1700000000050}', -10],
    ['{"u":400900217,"s":"BNBUSDT"}', undefined],
    ['{"e":"trade","E":17}', undefined]
  ])("of %s is %s", (data, millis) => {
    assert.strictEqual(Latency.latencyOf(frame(data)), millis)
  })
})

describe("looking at frames", () => {
  it("says one, and none more until it is asked again", () => {
    const said: Array<number> = []
    const latency = Latency.make((millis) => void said.push(millis))
    latency.seen(frame('{"u":1}'))
    latency.seen(frame('{"E":1700000000000}'))
    latency.seen(frame('{"E":1700000000001}'))
    assert.deepStrictEqual(said, [40])
    latency.again()
    latency.seen(frame('{"E":1700000000001}'))
    assert.deepStrictEqual(said, [40, 39])
  })

  it("gives up where no frame bears a time", () => {
    const said: Array<number> = []
    const latency = Latency.make((millis) => void said.push(millis))
    for (let n = 0; n < 100; n++) latency.seen(frame('{"u":1}'))
    latency.seen(frame('{"E":1700000000000}'))
    assert.deepStrictEqual(said, [])
  })
})
