import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Held from "../../../src/layers/spool/held.ts"
import * as Store from "../../../src/layers/spool/Store.ts"
import { usdm } from "../../../src/schema/Market.ts"
import type { SinkRecord } from "../../../src/schema/SinkRecord.ts"
import { settingsLayer, streamNames, testSettings, usdmNames } from "../../support/settings.ts"
import { candle, recordOf, trade as pastTrade } from "../../support/tape.ts"
import { temporaryFolder } from "../../support/temporaryFolder.ts"

const trade = (id: number, late = false): SinkRecord =>
  recordOf("btcusdt@trade", pastTrade(id), late ? { late, backfilled: true } : {})

const depth = (first: number, last: number): SinkRecord => ({
  topic: "raw_depth",
  key: "BTCUSDT",
  value: Buffer.from("{}"),
  timestamp: last,
  headers: { "event-id": `binance:spot:depth:BTCUSDT:${first}-${last}:0badcafe` }
})

const openCandle: SinkRecord = {
  ...trade(7),
  headers: { "event-id": "binance:spot:kline_1m:BTCUSDT:420000:0badcafe" }
}

const settings = settingsLayer({
  binance: {
    ...testSettings().binance,
    streams: streamNames("btcusdt@trade", "btcusdt@kline_1m", "btcusdt@depth", "btcusdt@miniTicker")
  }
})

describe("what an earlier process left", () => {
  it.effect("is told by the records: what is there, what is late, and what lies between", () =>
    Effect.gen(function* () {
      const options = { folder: yield* temporaryFolder, maxBytes: 1e9, segmentBytes: 1e6, fsync: false }
      const store = yield* Store.open(options)
      const records = [trade(11), trade(14), trade(3, true), trade(15), trade(17), trade(13, true)]
      const others = [depth(1, 4), depth(5, 9), candle(1), openCandle, candle(3)].map((one) =>
        "json" in one ? recordOf("btcusdt@kline_1m", one) : one
      )
      yield* store.append([...records, ...others, recordOf("ethusdt@trade", pastTrade(1, "ETHUSDT"))])
      const { held, places } = yield* Held.find(store, 500)
      assert.deepStrictEqual(Object.fromEntries(held.streams), {
        "btcusdt@trade": {
          at: 1017,
          inOrder: [
            { first: 11, last: 11 },
            { first: 14, last: 15 },
            { first: 17, last: 17 }
          ],
          late: [
            { first: 3, last: 3 },
            { first: 13, last: 13 }
          ],
          holes: [
            { first: 12, last: 13 },
            { first: 16, last: 16 }
          ]
        },
        // It is not wanted now, and may join while this waits.
        "ethusdt@trade": { at: 1001, inOrder: [{ first: 1, last: 1 }], late: [], holes: [] },
        "btcusdt@depth": { at: 9, inOrder: [{ first: 1, last: 9 }], late: [], holes: [] },
        "btcusdt@kline_1m": {
          at: 240_000,
          inOrder: [
            { first: 60_000, last: 119_999 },
            { first: 180_000, last: 239_999 }
          ],
          late: [],
          holes: [{ first: 120_000, last: 179_999 }]
        }
      })
      assert.deepStrictEqual(
        places.map(({ key, topic }) => `${topic} ${key}`),
        ["raw_trades BTCUSDT", "raw_depth BTCUSDT", "raw_klines BTCUSDT", "raw_trades ETHUSDT"]
      )
      // Read to the end, and back at the beginning.
      assert.strictEqual((yield* store.read(1e6)).entries.length, 12)
    }).pipe(Effect.provide(settings))
  )

  it.effect("is not what a run on another market left: its ids are others", () =>
    Effect.gen(function* () {
      const options = { folder: yield* temporaryFolder, maxBytes: 1e9, segmentBytes: 1e6, fsync: false }
      const store = yield* Store.open(options)
      const aggTrade = (market: string, id: number): SinkRecord => ({
        ...depth(id, id),
        headers: { "event-id": `binance:${market}:aggTrade:BTCUSDT:${id}` }
      })
      yield* store.append([aggTrade("usdm", 7), aggTrade("spot", 4000), depth(4001, 4009)])
      const { held } = yield* Held.find(store, 500)
      assert.deepStrictEqual(Object.fromEntries(held.streams), {
        "btcusdt@aggTrade": { at: 7, inOrder: [{ first: 7, last: 7 }], late: [], holes: [] }
      })
    }).pipe(
      Effect.provide(
        settingsLayer({
          binance: { ...testSettings().binance, market: usdm, streams: usdmNames("btcusdt@aggTrade", "btcusdt@depth") }
        })
      )
    )
  )
})
