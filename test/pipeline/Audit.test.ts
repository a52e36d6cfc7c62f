import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Audit from "../../src/pipeline/Audit.ts"

interface Fields {
  readonly topic?: string
  readonly type?: string
  readonly symbol?: string
  readonly backfilled?: boolean
}

/** A record as the pipeline writes it. */
const record = (stream: string, id: string | number, payload: object, fields: Fields = {}): Audit.AuditedRecord => {
  const { backfilled, symbol = "BTCUSDT", topic = "raw_trades", type = stream } = fields
  const value = {
    original_data: payload,
    ingestion_timestamp: 1,
    source: "binance",
    data_version: "v1",
    symbol,
    stream_type: type,
    topic,
    ...(backfilled === true ? { backfilled } : {})
  }
  return {
    topic,
    key: symbol,
    value: Buffer.from(JSON.stringify(value)),
    headers: { "event-id": `binance:spot:${stream}:${symbol}:${id}` }
  }
}

const trade = (t: number, fields: Fields = {}) =>
  record("trade", t, { e: "trade", E: 1, s: fields.symbol ?? "BTCUSDT", t, p: "1.0", q: "1", T: 1, m: true }, fields)

const aggTrade = (a: number) =>
  record("aggTrade", a, { e: "aggTrade", E: 1, s: "BTCUSDT", a, p: "1", q: "1", f: 1, l: 1, T: 1, m: true, M: true })

const MINUTE = 60_000
/** The candle of the minute; an open one is told from the others by its event time. */
const candle = (minute: number, closed: boolean, eventTime = minute * MINUTE, interval = "1m") => {
  const k = {
    t: minute * MINUTE,
    T: (minute + 1) * MINUTE - 1,
    s: "BTCUSDT",
    i: interval.slice(0, 2),
    f: -1,
    L: -1,
    o: "1",
    c: "1",
    h: "1",
    l: "1",
    v: "0",
    n: 0,
    x: closed,
    q: "0",
    V: "0",
    Q: "0",
    B: "0"
  }
  const id = closed ? k.t : `${eventTime}:00000000`
  return record(`kline_${interval}`, id, { e: "kline", E: eventTime, s: "BTCUSDT", k }, { type: "kline" })
}

const depth = (U: number, u: number, stream = "depth") =>
  record(
    stream,
    `${U}-${u}:0`,
    { e: "depthUpdate", E: 1, s: "BTCUSDT", U, u, b: [], a: [["1", "0"]] },
    { type: "depth" }
  )

const bookTicker = (u: number) => record("bookTicker", `${u}:0`, { u, s: "BTCUSDT", b: "1", B: "1", a: "2", A: "1" })

const audit = (records: ReadonlyArray<Audit.AuditedRecord>) => {
  const audit = Audit.make()
  for (const record of records) audit.add(record)
  return audit.report()
}

/** The report on records of a single series. */
const judge = (records: ReadonlyArray<Audit.AuditedRecord>) => {
  const { complete, series, unreadable } = audit(records)
  assert.deepStrictEqual(unreadable, [])
  assert.strictEqual(series.length, 1)
  const [only] = series
  if (only === undefined) return assert.fail("no series")
  const { duplicates, first, last, missing, outOfOrder } = only
  return { complete, records: only.records, first, last, missing, duplicates, outOfOrder }
}

const count = (length: number, from = 0) => Array.from({ length }, (_, index) => from + index)
const sound = { complete: true, missing: [], duplicates: 0, outOfOrder: 0 }

const START = 4_000_000_000
const Index = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 79 }))
const Faults = {
  removed: Schema.Array(Index),
  repeated: Schema.Array(Schema.Tuple([Index, Index])),
  swapped: Schema.Array(Schema.Tuple([Index, Index]))
}

/** The ids of 80 trades with the faults put in. */
const withFaults = (faults: { readonly [K in keyof typeof Faults]: (typeof Faults)[K]["Type"] }) => {
  const removed = new Set(faults.removed)
  const ids = count(80)
    .filter((index) => !removed.has(index))
    .map((index) => START + index)
  for (const [a, b] of faults.swapped) {
    const [first, second] = [ids[a], ids[b]]
    if (first === undefined || second === undefined) continue
    ids[a] = second
    ids[b] = first
  }
  for (const [from, to] of faults.repeated) {
    const id = ids[from]
    if (id !== undefined) ids.splice(to, 0, id)
  }
  return ids
}

describe("Audit", () => {
  it("finds a whole sequence complete", () => {
    const ids = count(500, START)
    assert.deepStrictEqual(judge(ids.map((id) => trade(id))), {
      ...sound,
      records: 500,
      first: START,
      last: START + 499
    })
  })

  it("reports nothing of nothing", () => {
    assert.deepStrictEqual(audit([]), { series: [], unreadable: [], complete: true })
  })

  it("names the missing ids as ranges", () => {
    const { complete, missing } = judge([1, 2, 5, 6, 10].map((id) => trade(id)))
    assert.isFalse(complete)
    assert.deepStrictEqual(missing, [
      { first: 3, last: 4 },
      { first: 7, last: 9 }
    ])
  })

  it("tells a late record from a double", () => {
    assert.deepStrictEqual(judge([1, 2, 4, 3, 3, 2].map((id) => trade(id))), {
      ...sound,
      complete: false,
      records: 6,
      first: 1,
      last: 4,
      duplicates: 2,
      outOfOrder: 1
    })
  })

  it.prop(
    "finds exactly the removals, repetitions and swaps in a sequence",
    Faults,
    (faults) => {
      const ids = withFaults(faults)
      if (ids.length === 0) return
      const present = new Set(ids)
      const [first, last] = [Math.min(...ids), Math.max(...ids)]
      const seen = new Set<number>()
      let late = 0
      for (const id of ids) {
        if (!seen.has(id) && [...seen].some((other) => other > id)) late++
        seen.add(id)
      }
      const report = judge(ids.map((id) => trade(id)))
      assert.deepStrictEqual(
        {
          ...report,
          missing: report.missing.flatMap((gap) => count(gap.last - gap.first + 1, gap.first))
        },
        {
          complete: late === 0 && present.size === ids.length && present.size === last - first + 1,
          records: ids.length,
          first,
          last,
          missing: count(last - first + 1, first).filter((id) => !present.has(id)),
          duplicates: ids.length - present.size,
          outOfOrder: late
        }
      )
    },
    { arbitrary: { runs: 500 } }
  )

  it("lets backfilled records come late, and counts them", () => {
    const late = [trade(1), trade(4), trade(2, { backfilled: true }), trade(3, { backfilled: true })]
    assert.deepStrictEqual(judge(late), { ...sound, records: 4, first: 1, last: 4 })
    assert.strictEqual(audit(late).series[0]?.backfilled, 2)
    const twice = judge([...late, trade(3, { backfilled: true })])
    assert.deepStrictEqual([twice.complete, twice.duplicates], [false, 1])
  })

  it("judges aggregate trades by their own id", () => {
    assert.deepStrictEqual(judge([7, 8, 10].map(aggTrade)).missing, [{ first: 9, last: 9 }])
  })

  it("judges closed candles by their times, and open ones not at all", () => {
    const candles = [
      candle(1, false),
      candle(1, true),
      candle(2, false),
      candle(3, false),
      candle(2, true),
      candle(3, true)
    ]
    assert.deepStrictEqual(judge(candles), { ...sound, records: 6, first: MINUTE, last: 4 * MINUTE - 1 })
    assert.deepStrictEqual(judge([candle(1, true), candle(3, true), candle(4, true)]).missing, [
      { first: 2 * MINUTE, last: 3 * MINUTE - 1 }
    ])
    assert.strictEqual(judge([candle(1, true), candle(1, true)]).duplicates, 1)
    assert.strictEqual(judge([candle(1, false, 5), candle(1, false, 6), candle(1, false, 5)]).duplicates, 1)
  })

  it("judges depth updates from U to u; an overlap is no fault", () => {
    assert.deepStrictEqual(judge([depth(5, 9), depth(10, 10), depth(11, 20)]), {
      ...sound,
      records: 3,
      first: 5,
      last: 20
    })
    assert.deepStrictEqual(judge([depth(5, 9), depth(8, 12)]), { ...sound, records: 2, first: 5, last: 12 })
    assert.deepStrictEqual(judge([depth(5, 9), depth(12, 13)]).missing, [{ first: 10, last: 11 }])
    assert.strictEqual(judge([depth(5, 9), depth(5, 9)]).duplicates, 1)
  })

  it("judges what has no sequence by its event-id, among the most recent ones", () => {
    assert.deepStrictEqual(judge([3, 9, 5].map(bookTicker)), {
      ...sound,
      records: 3,
      first: undefined,
      last: undefined
    })
    const ids = count(10_000)
    assert.strictEqual(judge([...ids, 0, 1].map(bookTicker)).duplicates, 2)
    assert.strictEqual(judge([...ids, 10_000, 10_001, 1].map(bookTicker)).duplicates, 0)
  })

  it("keeps topics, streams, intervals and symbols apart", () => {
    const { complete, series } = audit([
      trade(1, { topic: "b" }),
      trade(7, { symbol: "ETHUSDT" }),
      trade(1),
      trade(8, { symbol: "ETHUSDT" }),
      candle(3, true, 1, "5m"),
      candle(1, true),
      candle(1, true, 1, "1m@+08:00"),
      depth(1, 5),
      depth(3, 4, "depth@100ms")
    ])
    assert.isTrue(complete)
    assert.deepStrictEqual(
      series.map(({ first, records, stream, symbol, topic }) => [topic, stream, symbol, records, first]),
      [
        ["b", "trade", "BTCUSDT", 1, 1],
        ["raw_trades", "depth", "BTCUSDT", 1, 1],
        ["raw_trades", "depth@100ms", "BTCUSDT", 1, 3],
        ["raw_trades", "kline_1m", "BTCUSDT", 1, MINUTE],
        ["raw_trades", "kline_1m@+08:00", "BTCUSDT", 1, MINUTE],
        ["raw_trades", "kline_5m", "BTCUSDT", 1, 3 * MINUTE],
        ["raw_trades", "trade", "BTCUSDT", 1, 1],
        ["raw_trades", "trade", "ETHUSDT", 2, 7]
      ]
    )
  })

  it("says what is no record of an event, and goes on", () => {
    const good = trade(1)
    const cases: ReadonlyArray<readonly [Audit.AuditedRecord, RegExp]> = [
      [{ ...good, value: Buffer.from("{") }, /^the value is no envelope/],
      [{ ...good, value: Buffer.from([0xff]) }, /^the value is no envelope/],
      [{ ...good, value: Buffer.from('{"symbol":"BTCUSDT"}') }, /^the value is no envelope/],
      [{ ...good, key: "ETHUSDT" }, /^the key is "ETHUSDT", the symbol "BTCUSDT"/],
      [{ ...good, headers: {} }, /^the event-id "" names no known stream/],
      [{ ...good, headers: { "event-id": "binance:spot:tread:BTCUSDT:1" } }, /"binance:spot:tread:BTCUSDT:1" names no/],
      [record("trade", 1, { e: "trade", s: "BTCUSDT" }), /^the payload is no valid trade/],
      [
        record("trade", 1, { e: "trade", E: 1, s: "ETHUSDT", t: 1, p: "1", q: "1", T: 1, m: true }),
        /payload is of "ETHUSDT"/
      ]
    ]
    for (const [bad, reason] of cases) {
      const report = audit([good, bad, bad, trade(2)])
      assert.isFalse(report.complete)
      assert.strictEqual(report.series[0]?.records, 2)
      assert.strictEqual(report.unreadable[0]?.records, 2)
      assert.match(report.unreadable[0]?.reason ?? "", reason)
    }
  })
})
