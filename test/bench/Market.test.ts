import { assert, describe, it } from "@effect/vitest"
import { Exit } from "effect"
import { FIRST_ID, make } from "../../bench/generator/Market.ts"
import { answer } from "../../bench/generator/rest.ts"
import { streamsOf, USUAL_STREAMS } from "../../bench/generator/streams.ts"
import { streamKinds } from "../../src/schema/kinds/registry.ts"

const NOW = Date.parse("2026-11-26T06:00:00Z")

interface Frame {
  readonly stream: string
  readonly data: {
    readonly E: number
    readonly s: string
    readonly t?: number
    readonly p: string
    readonly L?: number
  }
}

/** What a client reads of the frames. */
const sent = (market: ReturnType<typeof make>, count: number): ReadonlyArray<Frame> => {
  const frames: Array<Frame> = []
  market.emit(count, NOW, (_, frame) => {
    const head = frame[1] === 126 ? 4 : 2
    assert.strictEqual(head === 4 ? frame.readUInt16BE(2) : frame[1], frame.length - head)
    frames.push(JSON.parse(frame.toString("utf8", head)))
  })
  return frames
}

describe("the bench's market", () => {
  it("sends what the connector takes for events, nine of ten of them trades", () => {
    const frames = sent(make(USUAL_STREAMS, NOW), 480)
    const counts = Map.groupBy(frames, ({ stream }) => stream.slice(stream.indexOf("@") + 1))
    assert.deepStrictEqual(
      [...counts].map(([suffix, some]) => [suffix, some.length]),
      [
        ["trade", 432],
        ["kline_1d", 24],
        ["ticker", 24]
      ]
    )
    for (const { data, stream } of frames) {
      const kind = streamKinds.find(({ suffixes }) => suffixes.includes(stream.slice(stream.indexOf("@") + 1)))
      assert.isTrue(kind !== undefined && Exit.isSuccess(kind.decode(data)), stream)
      assert.strictEqual(data.E, NOW)
    }
  })

  it("numbers the trades of a symbol without a hole, over the carry of their digits", () => {
    const market = make(1, NOW)
    const ids = sent(market, 10_050).map(({ data }) => data.t)
    assert.deepStrictEqual(
      ids,
      ids.map((_, index) => FIRST_ID + index)
    )
    assert.strictEqual(market.nextId("BTCUSDT"), FIRST_ID + 10_050)
  })

  it("leaves out what only the history has, which gives it as the stream would have", () => {
    const market = make(1, NOW)
    const [before] = sent(market, 1)
    market.skip("BTCUSDT", 3000)
    const [after] = sent(market, 1)
    assert.strictEqual(after?.data.t, FIRST_ID + 3001)
    assert.deepStrictEqual(market.sources[0]?.skipped, [[FIRST_ID + 1, FIRST_ID + 3000]])
    const url = new URL(`http://localhost/api/v3/historicalTrades?symbol=BTCUSDT&fromId=${FIRST_ID}&limit=5000`)
    const rows: ReadonlyArray<{ id: number; price: string }> = JSON.parse(answer(market, url, NOW) ?? "")
    assert.strictEqual(rows.length, 1000)
    assert.deepInclude(rows[0], { id: FIRST_ID, price: String(before?.data.p) })
  })

  it("names each stream once, however many", () => {
    const names = streamsOf(3000).map(({ name }) => name)
    assert.strictEqual(new Set(names).size, 3000)
  })
})
