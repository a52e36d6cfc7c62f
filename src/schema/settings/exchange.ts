/** The variables whose default, and whose right values, are each market's own: where the exchange is, and which streams. */
import { type Market, spot } from "../Market.ts"
import type { MarketName } from "../StreamKind.ts"
import { streams, streamUrls, urls } from "./parsers.ts"
import { variable } from "./Variable.ts"

interface Defaults {
  readonly wsUrl: string
  readonly restUrl: string
  /** With another one that answers the same. */
  readonly restUrls: string
  readonly streams: string
  readonly example: string
}

const defaults: Readonly<Record<MarketName, Defaults>> = {
  spot: {
    wsUrl: "wss://stream.binance.com:9443/stream",
    restUrl: "https://api.binance.com",
    restUrls: "https://api.binance.com,https://data-api.binance.vision",
    streams: "btcusdt@trade,ethusdt@trade,bnbusdt@trade,btcusdt@kline_1m,ethusdt@kline_1m,btcusdt@ticker",
    example: "btcusdt@trade,ethusdt@kline_1m"
  },
  usdm: {
    wsUrl: "wss://fstream.binance.com/stream",
    restUrl: "https://fapi.binance.com",
    restUrls: "https://fapi.binance.com",
    streams:
      "btcusdt@aggTrade,ethusdt@aggTrade,bnbusdt@aggTrade,btcusdt@kline_1m,ethusdt@kline_1m,btcusdt@markPrice@1s",
    example: "btcusdt@aggTrade,ethusdt@depth@100ms"
  }
}

export const exchangeOf = (market: Market) => {
  const mine = defaults[market.name]
  return {
    wsUrls: variable(
      {
        name: "BINANCE_WS_URL",
        default: mine.wsUrl,
        expected: "ws: or wss: addresses with the path /stream, separated by commas",
        example: mine.wsUrl,
        doc: "`ws:` or `wss:`, the combined form `/stream`; `?timeUnit=MICROSECOND` is kept. Of several, separated by commas, each line begins with its own; where one fails, the next is tried"
      },
      streamUrls(market)
    ),
    restUrls: variable(
      {
        name: "BINANCE_REST_URL",
        default: mine.restUrl,
        expected: "http: or https: addresses separated by commas",
        example: mine.restUrls,
        doc: "`http:` or `https:`, one or several separated by commas, asked in turn where an endpoint is missing or unreachable; says which symbols exist, and what was missed"
      },
      urls("http:", "https:")
    ),
    streams: variable(
      {
        name: "BINANCE_STREAMS",
        default: mine.streams,
        expected: "stream names or patterns separated by commas",
        example: mine.example,
        doc: "Separated by commas; blanks, repeats and the symbol's case do not matter; an empty list is refused. Patterns: `*usdt@trade` is every symbol that fits, `top50:usdt@bookTicker` the 50 with the highest turnover in 24 hours of those traded for USDT, `-shibusdt@*` takes away; the exchange's list of symbols decides, `streams --resolve` shows what they come to",
        refusesBlank: true
      },
      streams(market)
    )
  } as const
}

/** As the documents show them. */
export const exchange = exchangeOf(spot)
