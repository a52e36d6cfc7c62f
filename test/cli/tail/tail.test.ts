import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Queue, Result, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Filter from "../../../src/cli/tail/Filter.ts"
import * as From from "../../../src/cli/tail/from.ts"
import { prettyLine } from "../../../src/cli/tail/pretty.ts"
import { at, viewOf } from "../../../src/cli/tail/view.ts"
import * as MemorySink from "../../../src/layers/MemorySink.ts"
import * as MemoryTopicReader from "../../../src/layers/MemoryTopicReader.ts"
import * as ContinuityRecord from "../../../src/pipeline/ContinuityRecord.ts"
import { streamKinds } from "../../../src/schema/kinds/registry.ts"
import type { SinkRecord } from "../../../src/schema/SinkRecord.ts"
import { EventSink } from "../../../src/services/EventSink.ts"
import { taught } from "../../schema/kinds/samples.ts"
import { candle, range, recordOf, trade } from "../../support/tape.ts"

const stored = (record: SinkRecord) => ({ ...record, partition: 2, offset: 41 })
const bytes = (text: string) => Buffer.from(text)
const plain: SinkRecord = { topic: "t", key: "k", value: bytes("{}"), timestamp: 0, headers: {} }

const lineOf = (record: SinkRecord) => prettyLine(viewOf(stored(record)))

describe("a line of tail", () => {
  it("names the main fields of an event", () => {
    assert.strictEqual(
      lineOf(recordOf("btcusdt@trade", trade(7), { late: true })),
      "1970-01-01T00:00:01.007Z BTCUSDT    trade      id=7 price=1.0 quantity=1 buyerIsMaker=true late=true"
    )
    assert.strictEqual(
      lineOf(recordOf("btcusdt@kline_1m", candle(1))),
      "1970-01-01T00:02:00.000Z BTCUSDT    kline      interval=1m open=1 high=1 low=1 close=1 volume=0 closed=true"
    )
  })

  it.each(streamKinds)("finds what it says of $name in the payload", ({ brief, name }) => {
    const payload = taught(name)
    for (const path of Object.values(brief)) assert.notStrictEqual(at(payload, path), undefined, path)
  })

  it("says what is known of gaps, and why a frame was refused", () => {
    const gap = ContinuityRecord.make(
      { market: "spot", topic: "continuity", instance: "0123abcd", at: 5000 },
      {
        type: "gap-opened",
        stream: "btcusdt@trade",
        symbol: "BTCUSDT",
        from: 3,
        to: 9,
        reason: "the exchange does not answer",
        late: false
      }
    )
    assert.strictEqual(
      lineOf(gap),
      '1970-01-01T00:00:05.000Z BTCUSDT    gap-opened stream=btcusdt@trade from=3 to=9 reason="the exchange does not answer" instance=0123abcd'
    )
    const headers = { "dlq.reason": "not valid JSON", "dlq.stream": "btcusdt@trade" }
    assert.strictEqual(
      lineOf({ ...plain, headers, value: bytes("{\u001b[2J") }),
      '1970-01-01T00:00:00.000Z -          dead       stream=btcusdt@trade reason="not valid JSON" frame={\\u001b[2J'
    )
  })

  it("shows what it does not know as it is, without what could steer a terminal", () => {
    assert.match(
      lineOf({ ...plain, key: "a\u0007", value: bytes('{"x":\n1}') }),
      /key=a\\u0007 value="\{\\"x\\":\\\\u000a1\}"$/
    )
    assert.match(lineOf({ ...plain, value: Uint8Array.of(0xff) }), /value="1 bytes that are no text"$/)
    assert.match(lineOf({ ...plain, timestamp: 9e18 }), /^9000000000000000000 -/)
  })
})

describe("a filter", () => {
  const record = recordOf("btcusdt@trade", trade(7), { backfilled: true })
  const view = viewOf(stored(record))
  const holds = (text: string) => Result.getOrThrow(Filter.parse(text))(view, prettyLine(view))

  it.each(["t=7", "p=1", "p=1.000", "m=true", "backfilled=true", "stream_type=trade", "partition=2", "offset = 41"])(
    "%s holds",
    (text) => assert.isTrue(holds(text))
  )
  it.each([
    "headers.event-id=binance:spot:trade:BTCUSDT:7",
    "original_data.t=7",
    "/price=1\\.0/",
    "/PRICE/i",
    "s=BTCUSDT"
  ])("%s holds", (text) => assert.isTrue(holds(text)))
  it.each(["t=8", "p=1.01", "none=1", "k.i=1m", "late=true", "/PRICE/", "__proto__.x=1", "constructor=1"])(
    "%s does not hold",
    (text) => assert.isFalse(holds(text))
  )
  it.each(["", "price", "=1", "/(/", "//"])("%s is refused", (text) =>
    assert.isTrue(Result.isFailure(Filter.parse(text)))
  )
})

describe("where tail begins", () => {
  const Test = MemoryTopicReader.layerWith(3).pipe(Layer.provideMerge(MemorySink.layer))
  const publish = (ids: ReadonlyArray<number>, symbol: string) =>
    Effect.flatMap(EventSink, ({ publish }) => publish(ids.map((id) => recordOf(`${symbol}@trade`, trade(id, symbol)))))
  const idsOf = (records: ReadonlyArray<{ readonly timestamp: number }>) =>
    records.map(({ timestamp }) => timestamp - 1000)

  it.effect(
    "is with the last by their time over all partitions, or with the first; it can end where the topic does",
    () =>
      Effect.gen(function* () {
        // Keys of two partitions.
        yield* publish(range(1, 5), "BTCUSDT")
        yield* publish([2, 4, 6, 8], "BNBUSDT")
        const read = (from: From.From) => Stream.runCollect(From.recordsFrom("raw_trades", from, false))
        assert.deepStrictEqual(idsOf(yield* read({ last: 4 })), [4, 5, 6, 8])
        assert.lengthOf(yield* read({ last: 100 }), 9)
        yield* publish([3], "BTCUSDT")
        assert.deepStrictEqual(idsOf(yield* read({ last: 4 })), [5, 3, 6, 8])
        assert.lengthOf(yield* read("earliest"), 10)
        assert.lengthOf(yield* read("latest"), 0)
        assert.match(
          (yield* Effect.flip(Stream.runDrain(From.recordsFrom("none", "latest", true)))).message,
          /no topic none/
        )
      }).pipe(Effect.provide(Test))
  )

  it.effect("goes on with what comes", () =>
    Effect.gen(function* () {
      yield* publish(range(1, 5), "BTCUSDT")
      const following = Effect.fnUntraced(function* (from: From.From) {
        const seen = yield* Queue.unbounded<number>()
        yield* Effect.forkChild(
          Stream.runForEach(From.recordsFrom("raw_trades", from, true), ({ timestamp }) =>
            Queue.offer(seen, timestamp - 1000)
          )
        )
        return seen
      })
      const earliest = yield* following("earliest")
      const last = yield* following({ last: 2 })
      const latest = yield* following("latest")
      yield* TestClock.adjust("1 second")
      yield* publish([6], "BNBUSDT")
      yield* TestClock.adjust("1 second")
      assert.sameMembers(yield* Queue.takeN(earliest, 6), [1, 2, 3, 4, 5, 6])
      assert.deepStrictEqual(yield* Queue.takeN(last, 3), [4, 5, 6])
      assert.deepStrictEqual(yield* Queue.takeN(latest, 1), [6])
    }).pipe(Effect.provide(Test))
  )

  it.each(["earliest", "latest", "-1", "-100000"])("takes %s", (text) =>
    assert.isTrue(Result.isSuccess(From.parse(text)))
  )
  it.each(["", "1", "-0", "-100001", "-1.5", "now"])("refuses %j", (text) =>
    assert.isTrue(Result.isFailure(From.parse(text)))
  )
})
