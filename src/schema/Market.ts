/**
 * The exchange's markets, each with the kinds of streams that it has: chosen once, by `BINANCE_MARKET`. A stream knows its market by
 * its kind; event-ids and records say it.
 */
import { streamKinds } from "./kinds/registry.ts"
import { usdmKinds } from "./kinds/usdm/registry.ts"
import type { MarketName, StreamKind } from "./StreamKind.ts"

/** Names that are elsewhere, or once were right, and what to write today. */
export type Advice = ReadonlyArray<readonly [pattern: RegExp, advice: string]>

export interface Market {
  readonly name: MarketName
  /** For people. */
  readonly title: string
  readonly kinds: ReadonlyArray<StreamKind>
  readonly advice: Advice
  /** By what may follow `<symbol>@`. */
  readonly bySuffix: ReadonlyMap<string, StreamKind>
  /** By the whole names of the streams that carry every symbol. */
  readonly byAllMarketName: ReadonlyMap<string, StreamKind>
}

const make = (market: Pick<Market, "name" | "title" | "kinds" | "advice">): Market => ({
  ...market,
  bySuffix: new Map(market.kinds.flatMap((kind) => kind.suffixes.map((suffix) => [suffix, kind]))),
  byAllMarketName: new Map(market.kinds.flatMap((kind) => kind.allMarket.map((name) => [name, kind])))
})

export const spot = make({
  name: "spot",
  title: "spot",
  kinds: streamKinds,
  advice: [
    [
      /^!ticker@arr$/i,
      "the exchange has retired it: use !ticker_1d@arr, !miniTicker@arr, or <symbol>@ticker of each symbol"
    ],
    [/^!bookTicker(@arr)?$/i, "the exchange has retired it: use <symbol>@bookTicker of each symbol"],
    [/^depth(5|10|20)?@1000ms$/i, "once a second is the speed of depth, depth5, depth10 and depth20 without a suffix"],
    [/^!?(markPrice|forceOrder)/i, "it belongs to futures: spot has no such stream; BINANCE_MARKET=usdm has it"],
    [/^(indexPrice|continuousKline|compositeIndex|rpiDepth)/i, "it belongs to futures: spot has no such stream"]
  ]
})

export const usdm = make({
  name: "usdm",
  title: "USD-M futures",
  kinds: usdmKinds,
  advice: [
    [/^trade$/i, "the exchange promises no stream of single trades of futures: use <symbol>@aggTrade"],
    [/^kline_1s/i, "futures have no candles of a second: the shortest are <symbol>@kline_1m"],
    [/^kline_\w+@\+08:00$/i, "futures have no candles of UTC+8: leave @+08:00 out"],
    [/^depth(5|10|20)?@250ms$/i, "every 250 ms is the speed of depth, depth5, depth10 and depth20 without a suffix"],
    [/^markPrice@3s$/i, "every three seconds is the speed of markPrice without a suffix"],
    [/^!bookTicker@arr$/i, "it is written !bookTicker"],
    [/^!?(blockTrade|avgPrice|referencePrice|ticker_)/i, "it belongs to spot: futures have no such stream"],
    [
      /^!?(continuousKline|compositeIndex|assetIndex|contractInfo|rpiDepth|tradingSession)/i,
      "the exchange has it, this connector does not take it"
    ]
  ]
})

export const markets: Readonly<Record<MarketName, Market>> = { spot, usdm }

/** The kind of a stream by its name without the symbol. */
export const kindOf = ({ byAllMarketName, bySuffix }: Market, suffix: string): StreamKind | undefined =>
  bySuffix.get(suffix) ?? byAllMarketName.get(suffix)
