import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { type Account, prove } from "../../src/demo/Proof.ts"
import { table } from "../../src/demo/report.ts"
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
  pushed: new Map([["btcusdt@trade", { first: 1, last: 9, count: 9 }]]),
  tradePayload: (_symbol, id) => payload(id)
}
const proofOf = (records: ReadonlyArray<SinkRecord>, ledger: Account | undefined = account) =>
  prove([TOPIC], () => Stream.fromIterable(records), ledger)

describe("the demo's proof", () => {
  it.effect("holds for a log that is complete", () =>
    Effect.gen(function* () {
      const { examples, holds, rows } = yield* proofOf(trades(1, 2, 3, 4))
      assert.isTrue(holds)
      assert.strictEqual(examples.length, 1)
      assert.match(table(rows), /raw_trades {2}trade {3}BTCUSDT {8}4 {9}1 {8}4 {8}0 .* same bytes$/)
    })
  )

  const broken: ReadonlyArray<readonly [string, ReadonlyArray<SinkRecord>, Account | undefined]> = [
    ["is empty", [], account],
    ["lacks a trade", trades(1, 2, 4), account],
    ["lacks the first trade", trades(2, 3), account],
    ["holds a trade twice", trades(1, 2, 2, 3), account],
    ["is out of order", trades(1, 3, 2), account],
    ["lacks a trade that nobody accounts for", trades(1, 2, 4), undefined],
    [
      "holds a trade that was altered",
      trades(1, 2).map((record) => ({
        ...record,
        value: Buffer.from(new TextDecoder().decode(record.value).replace('"p":"1.0"', '"p":"1.00"'))
      })),
      account
    ],
    ["holds what is no record of ours", [{ ...trades(1)[0]!, value: Buffer.from("{}") }], account]
  ]
  for (const [name, records, ledger] of broken) {
    it.effect(`does not hold for a log that ${name}`, () =>
      Effect.map(proofOf(records, ledger), ({ holds }) => assert.isFalse(holds))
    )
  }
})
