/** Trades and candles as the exchange's history has them, and the records that the pipeline would have made of them. */
import { Cause, Exit, Result } from "effect"
import type { MarketEvent } from "../../src/pipeline/Decoder.ts"
import * as Records from "../../src/pipeline/Records.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { parseStreamName, type StreamName } from "../../src/schema/StreamName.ts"
import type { PastEvent } from "../../src/services/MarketHistory.ts"

const MINUTE = 60_000

export const stream = (name: string): StreamName => Result.getOrThrow(parseStreamName(name))

const past = (name: string, payload: object): PastEvent => {
  const facts = stream(name).kind.decode(payload)
  if (Exit.isFailure(facts)) throw Cause.squash(facts.cause)
  return { json: JSON.stringify(payload), facts: facts.value }
}

export const trade = (t: number, symbol = "BTCUSDT"): PastEvent =>
  past(`${symbol}@trade`, { e: "trade", E: 1000 + t, s: symbol, t, p: "1.0", q: "1", T: 1000 + t, m: true, M: true })

/** The closed candle of a minute. */
export const candle = (minute: number, symbol = "BTCUSDT"): PastEvent => {
  const zeros = { o: "1", c: "1", h: "1", l: "1", v: "0", n: 0, x: true, q: "0", V: "0", Q: "0", B: "0" }
  const k = { t: minute * MINUTE, T: (minute + 1) * MINUTE - 1, s: symbol, i: "1m", f: -1, L: -1, ...zeros }
  return past(`${symbol}@kline_1m`, { e: "kline", E: (minute + 1) * MINUTE, s: symbol, k })
}

const toRecord = Records.make(new Map())

/** As received from the stream, if no flags say otherwise. */
export const recordOf = (
  name: string,
  { facts, json }: PastEvent,
  flags: Pick<MarketEvent, "backfilled" | "late"> = {}
): SinkRecord => {
  const of = stream(name)
  return toRecord({ stream: of, symbol: of.symbol ?? "", facts, json, receivedAt: 2000, ...flags })
}

export const range = (from: number, to: number): ReadonlyArray<number> =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)
