/** The streams that a run is made of: symbol by symbol a trade, a candle and a ticker stream. */

export type Kind = "trade" | "kline" | "ticker"

/** What a stream is called behind the symbol. The candle is open all day: nothing about closed ones is claimed. */
const SUFFIX: Readonly<Record<Kind, string>> = { trade: "trade", kline: "kline_1d", ticker: "ticker" }

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

export const streamName = (symbol: string, kind: Kind): string => `${symbol.toLowerCase()}@${SUFFIX[kind]}`

export const streamsOf = (count: number): ReadonlyArray<Stream> =>
  Array.from({ length: count }, (_, index) => {
    const symbol = symbolAt(Math.floor(index / KINDS.length))
    const kind = KINDS[index % KINDS.length] ?? "trade"
    return { kind, symbol, name: streamName(symbol, kind) }
  })
