/** The streams that a run is made of: symbol by symbol a trade, a candle and a ticker stream. */
import { type Kind, SUFFIX } from "./frames.ts"

const SYMBOLS = ["BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT", "ADAUSDT", "DOGEUSDT", "TRXUSDT"]
const KINDS: ReadonlyArray<Kind> = ["trade", "kline", "ticker"]

/** Eight symbols. */
export const USUAL_STREAMS = SYMBOLS.length * KINDS.length

const symbolAt = (index: number): string => SYMBOLS[index] ?? `S${String(index).padStart(4, "0")}USDT`

export interface Stream {
  readonly kind: Kind
  readonly symbol: string
  readonly name: string
}

export const streamsOf = (count: number): ReadonlyArray<Stream> =>
  Array.from({ length: count }, (_, index) => {
    const symbol = symbolAt(Math.floor(index / KINDS.length))
    const kind = KINDS[index % KINDS.length] ?? "trade"
    return { kind, symbol, name: `${symbol.toLowerCase()}@${SUFFIX[kind]}` }
  })
