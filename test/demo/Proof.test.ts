import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { type Account, prove } from "../../src/demo/Proof.ts"
import { table } from "../../src/cli/proofTable.ts"
import * as Decoder from "../../src/pipeline/Decoder.ts"
import * as Records from "../../src/pipeline/Records.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { streamNames } from "../support/settings.ts"

const TOPIC = "raw_trades"
const payload = (t: number): string => `{"e":"trade","E":1,"s":"BTCUSDT","t":${t},"p":"1.0","q":"1.0","T":1,"m":true}`

const decode = Decoder.make(streamNames("btcusdt@trade"))
const toRecord = Records.make(new Map())
const trades = (...ids: ReadonlyArray<number>): ReadonlyArray<SinkRecord> =>
  decode(
    ids.map((t) => ({ bytes: Buffer.from(`{"stream":"btcusdt@trade","data":${payload(t)}}`), receivedAt: 2 }))
  ).events.map(toRecord)

const account: Account = {
  pushed: new Map([["btcusdt@trade", { first: 1, last: 4, count: 4 }]]),
  tradePayload: (_symbol, id) => payload(id)
}
const withMore = (stream: string, count: number): Account => ({
  ...account,
  pushed: new Map([...account.pushed, [stream, { first: 1, last: count, count }]])
})
const proofOf = (records: ReadonlyArray<SinkRecord>, ledger: Account | undefined = account) =>
  prove(
    { data: [TOPIC], continuity: "continuity" },
    (topic) => Stream.fromIterable(topic === TOPIC ? records : []),
    ledger
  )

describe("the demo's proof", () => {
  it.effect("holds for a log that is complete", () =>
    Effect.gen(function* () {
      const { examples, holds, rows } = yield* proofOf(trades(1, 2, 3, 4))
      assert.isTrue(holds)
      assert.strictEqual(examples.length, 1)
      assert.match(table(rows), /raw_trades {2}trade {3}BTCUSDT {8}4 {9}1 {8}4 {8}0 .* same bytes$/)
    })
  )

  it.effect("names a stream of which nothing arrived", () =>
    Effect.gen(function* () {
      const { rows } = yield* proofOf(trades(1, 2, 3, 4), withMore("btcusdt@kline_1d@+08:00", 2))
      assert.match(table(rows), /- {11}kline_1d@\+08:00 {2}BTCUSDT {8}0 .* nothing of the 2 that were sent$/)
    })
  )

  const broken: ReadonlyArray<readonly [string, ReadonlyArray<SinkRecord>, Account | undefined]> = [
    ["is empty", [], account],
    ["lacks a trade", trades(1, 2, 4), account],
    ["lacks the first trade", trades(2, 3, 4), account],
    ["lacks the last trade", trades(1, 2, 3), account],
    ["lacks a whole stream", trades(1, 2, 3, 4), withMore("ethusdt@trade", 5)],
    ["lacks the only candle", trades(1, 2, 3, 4), withMore("btcusdt@kline_1d@+08:00", 1)],
    ["holds a trade twice", trades(1, 2, 2, 3, 4), account],
    ["is out of order", trades(1, 3, 2, 4), account],
    ["lacks a trade that nobody accounts for", trades(1, 2, 4), undefined],
    [
      "holds a trade that was altered",
      trades(1, 2, 3, 4).map((record) => ({
        ...record,
        value: Buffer.from(new TextDecoder().decode(record.value).replace('"p":"1.0"', '"p":"1.00"'))
      })),
      account
    ],
    [
      "holds what is no record of ours",
      [...trades(1, 2, 3, 4), { ...trades(4)[0]!, value: Buffer.from("{}") }],
      account
    ]
  ]
  for (const [name, records, ledger] of broken) {
    it.effect(`does not hold for a log that ${name}`, () =>
      Effect.map(proofOf(records, ledger), ({ holds }) => assert.isFalse(holds))
    )
  }
})
