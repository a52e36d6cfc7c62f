import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Audit from "../../src/pipeline/Audit.ts"
import * as ContinuityRecord from "../../src/pipeline/ContinuityRecord.ts"
import * as GapLedger from "../../src/pipeline/GapLedger.ts"
import { partitionOf } from "../../src/pipeline/murmur2.ts"
import type { Continuity } from "../../src/schema/Continuity.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"

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
    timestamp: 1,
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

const statement = (
  type: Continuity["type"],
  from: number,
  to: number,
  { late = false, stream = "btcusdt@trade" }: { readonly late?: boolean; readonly stream?: string } = {}
) =>
  ContinuityRecord.make(
    { market: "spot", topic: "continuity", instance: "test", at: 1 },
    { type, stream, symbol: "BTCUSDT", from, to, reason: "test", late }
  )

const audit = (records: ReadonlyArray<Audit.AuditedRecord>, said: ReadonlyArray<SinkRecord> = []) => {
  const ledger = GapLedger.make()
  for (const record of said) assert.isTrue(ledger.add(record))
  const audit = Audit.make({ ledger })
  for (const record of records) audit.add(record)
  return audit.report()
}

/** The report on records of a single series. */
const judge = (records: ReadonlyArray<Audit.AuditedRecord>, said: ReadonlyArray<SinkRecord> = []) => {
  const { complete, series, unreadable } = audit(records, said)
  assert.deepStrictEqual(unreadable, [])
  assert.strictEqual(series.length, 1)
  const [only] = series
  if (only === undefined) return assert.fail("no series")
  const { duplicates, first, holes, last, outOfOrder } = only
  const missing = holes.map(({ first, last }) => ({ first, last }))
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

const PARTITIONS = 3
const HOME = partitionOf("BTCUSDT", PARTITIONS)
const Story = {
  removed: Schema.Array(Index),
  repeated: Schema.Array(Schema.Tuple([Index, Index])),
  /** Ids that come at the end instead of in their place. */
  moved: Schema.Array(Index),
  strayed: Schema.Array(Index),
  said: Schema.Array(
    Schema.Struct({
      type: Schema.Literals(["gap-opened", "gap-filled", "gap-confirmed", "overflow", "rollover"]),
      from: Index,
      length: Index,
      late: Schema.Boolean
    })
  )
}

/** The records of a story, what is said of them, and what an audit that remembers everything would find. */
const told = (story: { readonly [K in keyof typeof Story]: (typeof Story)[K]["Type"] }) => {
  const removed = new Set(story.removed)
  const moved = new Set(story.moved)
  const strayed = new Set(story.strayed)
  const kept = count(80).filter((id) => !removed.has(id))
  const ids = [...kept.filter((id) => !moved.has(id)), ...kept.filter((id) => moved.has(id))]
  for (const [from, to] of story.repeated) {
    const id = ids[from]
    if (id !== undefined) ids.splice(to, 0, id)
  }
  const records = ids.map((id, place) => ({
    ...trade(id),
    timestamp: place,
    partition: strayed.has(place) ? (HOME + 1) % PARTITIONS : HOME
  }))

  const saidOf = (type: string, id: number, late = false) =>
    story.said.some((one) => one.type === type && one.from <= id && id <= one.from + one.length && (!late || one.late))
  const reasonOf = (id: number) => {
    if (saidOf("gap-confirmed", id)) return "confirmed"
    if (saidOf("overflow", id)) return "dropped"
    return saidOf("gap-opened", id) && !saidOf("gap-filled", id) ? "opened" : "unknown"
  }
  const present = new Set(ids)
  const holes = count(Math.max(...ids) - Math.min(...ids) + 1, Math.min(...ids))
    .filter((id) => !present.has(id))
    .map((id) => [id, reasonOf(id)] as const)

  const seen = new Set<number>()
  const highest = new Map<number, number>()
  let [duplicates, late, outOfOrder] = [0, 0, 0]
  ids.forEach((id, place) => {
    const partition = records[place]?.partition ?? 0
    const before = highest.get(partition) ?? -1
    if (seen.has(id)) duplicates++
    else if (id > before) highest.set(partition, id)
    else if (saidOf("gap-filled", id, true)) late++
    else outOfOrder++
    seen.add(id)
  })

  // One key is a topic that has grown, if all that is misplaced comes first and in one place.
  const astray = records.map(({ partition }) => partition !== HOME)
  const grown =
    astray.lastIndexOf(true) < astray.indexOf(false) || !astray.includes(false)
      ? [1, 2].some((before) => partitionOf("BTCUSDT", before) === (HOME + 1) % PARTITIONS)
      : false
  const wrongPartition = grown ? 0 : astray.filter(Boolean).length
  return {
    records,
    partitions: PARTITIONS,
    said: story.said.map(({ from, late, length, type }) => statement(type, from, from + length, { late })),
    expected: {
      complete: duplicates + outOfOrder + wrongPartition === 0 && holes.every(([, reason]) => reason === "confirmed"),
      holes,
      ids: [...present].toSorted((a, b) => a - b),
      duplicates,
      late,
      outOfOrder,
      wrongPartition
    }
  }
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
    assert.deepStrictEqual(audit([]), { series: [], unreadable: [], notes: [], complete: true })
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

  it("lets records come late where the continuity topic says so, and counts them", () => {
    const late = [trade(1), trade(4), trade(2, { backfilled: true }), trade(3, { backfilled: true })]
    const filled = [statement("gap-filled", 2, 3, { late: true })]
    assert.deepStrictEqual(judge(late, filled), { ...sound, records: 4, first: 1, last: 4 })
    const [series] = audit(late, filled).series
    assert.deepStrictEqual([series?.backfilled, series?.late], [2, 2])
    const twice = judge([...late, trade(3, { backfilled: true })], filled)
    assert.deepStrictEqual([twice.complete, twice.duplicates], [false, 1])
  })

  it.prop(
    "agrees with a model that keeps every id, whatever is removed, repeated, filled late, explained, or in which partition",
    Story,
    (story) => {
      const { expected, partitions, records, said } = told(story)
      const ledger = GapLedger.make()
      for (const record of said) ledger.add(record)
      const audit = Audit.make({ ledger, partitions: new Map([["raw_trades", partitions]]) })
      for (const record of records) audit.add(record)
      const { complete, series } = audit.report()
      const [only] = series
      if (only === undefined) return assert.strictEqual(records.length, 0)
      const holes = only.holes.flatMap(({ first, last, reason }) =>
        count(last - first + 1, first).map((id) => [id, reason] as const)
      )
      const { duplicates, late, outOfOrder, ranges, wrongPartition } = only
      const ids = ranges.flatMap(({ first, last }) => count(last - first + 1, first))
      assert.deepStrictEqual({ complete, holes, ids, duplicates, late, outOfOrder, wrongPartition }, expected)
    },
    { arbitrary: { runs: 500 } }
  )

  it("takes records for out of order that come late without such a word", () => {
    const late = [trade(1), trade(4), trade(2, { backfilled: true }), trade(3, { backfilled: true })]
    const cases: ReadonlyArray<ReadonlyArray<SinkRecord>> = [
      [],
      [statement("gap-filled", 2, 3, { late: false })],
      [statement("gap-opened", 2, 3)],
      [statement("gap-filled", 2, 3, { late: true, stream: "ethusdt@trade" })]
    ]
    for (const said of cases) assert.strictEqual(judge(late, said).outOfOrder, 2)
    assert.strictEqual(judge(late, [statement("gap-filled", 2, 2, { late: true })]).outOfOrder, 1)
  })

  it("says of holes what the continuity topic knows", () => {
    const holes = (records: ReadonlyArray<Audit.AuditedRecord>, said: ReadonlyArray<SinkRecord>) => {
      const { complete, series } = audit(records, said)
      return [
        complete,
        ...series.flatMap(({ holes }) => holes.map((hole) => `${hole.first}-${hole.last} ${hole.reason}`))
      ]
    }
    const gap = [trade(1), trade(8)]
    assert.deepStrictEqual(holes(gap, []), [false, "2-7 unknown"])
    assert.deepStrictEqual(holes(gap, [statement("gap-confirmed", 2, 7)]), [true, "2-7 confirmed"])
    assert.deepStrictEqual(holes(gap, [statement("gap-opened", 1, 9)]), [false, "2-7 opened"])
    assert.deepStrictEqual(holes(gap, [statement("gap-opened", 2, 7), statement("gap-filled", 2, 7, { late: true })]), [
      false,
      "2-7 unknown"
    ])
    assert.deepStrictEqual(
      holes(gap, [statement("gap-opened", 2, 6), statement("gap-confirmed", 4, 5), statement("overflow", 6, 6)]),
      [false, "2-3 opened", "4-5 confirmed", "6-6 dropped", "7-7 unknown"]
    )
    const book = [depth(1, 5), depth(8, 9)]
    const ofBook = { stream: "btcusdt@depth" }
    assert.deepStrictEqual(holes(book, [statement("gap-opened", 6, 7, ofBook)]), [true, "6-7 opened"])
    assert.deepStrictEqual(holes(book, [statement("gap-opened", 6, 6, ofBook)]), [false, "6-6 opened", "7-7 unknown"])
  })

  it("counts keys that are not the symbol", () => {
    const { complete, series } = audit([trade(1), { ...trade(2), key: "ETHUSDT" }])
    assert.deepStrictEqual([complete, series[0]?.records, series[0]?.wrongKey], [false, 2, 1])
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
      [
        { ...good, headers: { "event-id": "binance:spot:trade:BTCUSDT:2" } },
        /:2", the payload's would begin with .*:1"/
      ],
      [record("trade", 1, {}, { type: "aggTrade" }), /^the payload is no valid trade/],
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
