import { assert, describe, it } from "@effect/vitest"
import { lastLineOf, reportOf } from "../../src/cli/report.ts"
import type { SeriesReport } from "../../src/pipeline/Audit.ts"
import type { Verdict } from "../../src/pipeline/Verify.ts"

const series: SeriesReport = {
  market: "spot",
  topic: "raw_trades",
  stream: "trade",
  symbol: "BTCUSDT",
  records: 8,
  backfilled: 0,
  late: 0,
  first: 1,
  last: 9,
  ranges: [{ first: 1, last: 9 }],
  holes: [],
  replayable: true,
  duplicates: 0,
  outOfOrder: 0,
  unsaid: [],
  wrongKey: 0,
  wrongPartition: 0
}

const proved: Verdict = {
  at: 0,
  topics: [{ topic: "raw_trades", partitions: [{ partition: 0, from: 0, to: 8 }] }],
  series: [series],
  continuity: [],
  unreadable: [],
  absent: [],
  notes: [],
  complete: true
}

const absent = {
  topic: "raw_klines",
  streams: ["btcusdt@kline_1m", "ethusdt@kline_1m"],
  reason: "there is no such topic"
}

describe("the last line", () => {
  it("says that nothing is missing only where nothing is", () => {
    assert.strictEqual(lastLineOf(proved), "PROVED: nothing missing, nothing twice, nothing out of order.")
    const explained: SeriesReport = { ...series, holes: [{ first: 3, last: 4, reason: "confirmed" }] }
    assert.strictEqual(
      lastLineOf({ ...proved, series: [explained] }),
      "PROVED: nothing unexplained is missing, nothing twice, nothing out of order."
    )
  })

  it("names the topics that are not there, if that is all", () => {
    const verdict = { ...proved, absent: [absent], complete: false }
    assert.strictEqual(lastLineOf(verdict), "NOT PROVED: not there, or not to be seen: raw_klines. The rest is sound.")
    const twice = { ...verdict, series: [{ ...series, duplicates: 1 }] }
    assert.strictEqual(lastLineOf(twice), "NOT PROVED: see what is wrong above, or with --json.")
  })
})

describe("the report", () => {
  it("says which streams need a topic that is not there", () => {
    assert.include(
      reportOf({ ...proved, absent: [absent], complete: false }),
      "  raw_klines: there is no such topic, and BINANCE_STREAMS needs it: btcusdt@kline_1m, ethusdt@kline_1m\n"
    )
  })
})
