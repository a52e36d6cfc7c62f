/** Where streams stand in the local log. */
import { assert, describe, it } from "@effect/vitest"
import { DatabaseSync } from "node:sqlite"
import * as LocalPositions from "../../../src/layers/local/positions.ts"
import { streamNames, testSettings } from "../../support/settings.ts"

const MINUTE = 60_000
const DAY = 1440 * MINUTE

const kline = (suffix: string, t: number, length: number, closed: boolean, E: number) => {
  const k = { t, T: t + length - 1, s: "BTCUSDT", i: suffix, f: 1, L: 2, o: "1", c: "1", h: "1", l: "1", v: "1" }
  const data = { e: "kline", E, s: "BTCUSDT", k: { ...k, n: 2, x: closed, q: "1", V: "1", Q: "1" } }
  const id = `binance:spot:kline_${suffix}:BTCUSDT:${closed ? t : `${E}:0badcafe`}`
  return { headers: JSON.stringify({ "event-id": id }), value: JSON.stringify({ original_data: data }) }
}

const open = () => {
  const database = new DatabaseSync(":memory:")
  database.exec(`CREATE TABLE records (topic TEXT NOT NULL, offset INTEGER NOT NULL, key TEXT NOT NULL,
    timestamp INTEGER NOT NULL, headers TEXT NOT NULL, value ANY NOT NULL, PRIMARY KEY (topic, offset)) STRICT`)
  return database
}

describe("positions in the local log", () => {
  it("know where a daily candle stands, half a day and 100,000 open candles after it closed", () => {
    const database = open()
    const insert = database.prepare("INSERT INTO records VALUES ('raw_klines', ?, 'BTCUSDT', ?, ?, ?)")
    database.exec("BEGIN")
    let offset = 0
    const add = (record: { readonly headers: string; readonly value: string }, at: number) =>
      insert.run(offset++, at, record.headers, record.value)
    add(kline("1d", 0, DAY, true, DAY), DAY)
    // Each of kline_1m and kline_1d grows every second or so, of which 14 hours are 100,000.
    for (let n = 0; n < 50_001; n++) {
      const E = DAY + n * 1000
      add(kline("1m", Math.floor(E / MINUTE) * MINUTE, MINUTE, false, E), E)
      add(kline("1d", DAY, DAY, false, E), E)
    }
    database.exec("COMMIT")
    const { topics } = testSettings()
    const found = LocalPositions.read(database, topics, streamNames("btcusdt@kline_1d"))
    assert.deepStrictEqual(found.stands.get("btcusdt@kline_1d")?.inOrder, [{ first: 0, last: DAY - 1 }])
  })
})
