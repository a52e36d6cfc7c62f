/** What each REST endpoint answers: the same market that the streams carry, row by row in the exchange's shapes. */
import { Predicate, Result } from "effect"
import type { Candle } from "./Candles.ts"
import { averagePrice, percent, price, quantity, TICKS_PER_UNIT, turnover } from "./decimal.ts"
import type { Market } from "./Market.ts"
import { bookSnapshot } from "./payloads.ts"
import * as read from "./restParameters.ts"
import type { Parameters, Parsed } from "./restParameters.ts"
import type { SymbolMarket } from "./SymbolMarket.ts"
import { instant, lastBefore, type TimeUnit } from "./time.ts"
import type { AggregateRow, TradeRow } from "./TradeTape.ts"

export interface Query {
  readonly market: Market
  readonly parameters: Parameters
  readonly unit: TimeUnit
  /** µs. */
  readonly now: number
  /** The database knows nothing younger than this (µs). */
  readonly visibleUntil: number
  readonly weightPerMinute: number
}

export interface Endpoint {
  readonly weight: (parameters: Parameters) => number
  readonly parameters: ReadonlyArray<string>
  readonly answer: (query: Query) => Parsed<string>
}

const MOST_ROWS = 1000
const USUAL_ROWS = 500

const array = (rows: Iterable<string>): string => `[${[...rows].join(",")}]`

const tradeRow = (row: TradeRow, unit: TimeUnit): string =>
  `{"id":${row.id},"price":"${price(row.ticks)}","qty":"${quantity(row.lots)}","quoteQty":"${turnover(BigInt(row.ticks) * BigInt(row.lots))}","time":${instant(row.time, unit)},"isBuyerMaker":${row.buyerIsMaker},"isBestMatch":true}`

const aggregateRow = (row: AggregateRow, unit: TimeUnit): string =>
  `{"a":${row.id},"p":"${price(row.ticks)}","q":"${quantity(row.lots)}","f":${row.first},"l":${row.last},"T":${instant(row.time, unit)},"m":${row.buyerIsMaker},"M":true}`

const candleRow = (candle: Candle, unit: TimeUnit): string =>
  `[${instant(candle.open * 1000, unit)},"${price(candle.openPrice)}","${price(candle.high)}","${price(candle.low)}","${price(candle.closePrice)}","${quantity(candle.base)}",${lastBefore(candle.end, unit)},"${turnover(candle.quote)}",${candle.count},"${quantity(candle.takerBase)}","${turnover(candle.takerQuote)}","0"]`

/** The trades from one id to before another. */
const tradesBetween = (symbol: SymbolMarket, from: number, end: number, unit: TimeUnit): string =>
  array(
    Array.from({ length: Math.max(0, end - from) }, (_, index) => symbol.trades.trade(from + index))
      .filter(Predicate.isNotUndefined)
      .map((row) => tradeRow(row, unit))
  )

const recentTrades = ({ market, parameters, unit }: Query): Parsed<string> =>
  Result.gen(function* () {
    const symbol = yield* read.readSymbol(market, parameters)
    const limit = yield* read.readLimit(parameters, USUAL_ROWS, MOST_ROWS)
    const end = symbol.trades.nextId
    return tradesBetween(symbol, Math.max(symbol.trades.oldestId, end - limit), end, unit)
  })

const historicalTrades = ({ market, parameters, unit, visibleUntil }: Query): Parsed<string> =>
  Result.gen(function* () {
    const symbol = yield* read.readSymbol(market, parameters)
    const limit = yield* read.readLimit(parameters, USUAL_ROWS, MOST_ROWS)
    const fromId = yield* read.readInteger(parameters, "fromId")
    const end = symbol.trades.firstIdAt(visibleUntil)
    const from = Math.max(symbol.trades.oldestId, fromId ?? end - limit)
    return tradesBetween(symbol, from, Math.min(end, from + limit), unit)
  })

/** `keptMillis`: what is older is not told. */
export const aggregateTrades =
  (write: (row: AggregateRow, unit: TimeUnit) => string, keptMillis = Infinity) =>
  ({ market, now, parameters, unit, visibleUntil }: Query): Parsed<string> =>
    Result.gen(function* () {
      const { trades } = yield* read.readSymbol(market, parameters)
      const limit = yield* read.readLimit(parameters, USUAL_ROWS, MOST_ROWS)
      const fromId = yield* read.readInteger(parameters, "fromId")
      const startTime = yield* read.readInstant(parameters, "startTime")
      const endTime = yield* read.readInstant(parameters, "endTime")
      if (fromId !== undefined && (startTime !== undefined || endTime !== undefined)) {
        return yield* read.fail(-1128, "Combination of optional parameters invalid.")
      }
      const before = (micros: number) => trades.firstAggregateIdAt(trades.firstIdAt(micros))
      const oldest = Math.max(trades.oldestAggregateId, before(Math.max(0, now - keptMillis * 1000)))
      // A time in ms means the whole millisecond.
      const end = before(endTime === undefined ? visibleUntil : Math.min(visibleUntil, endTime + 1000))
      const start = fromId ?? (startTime === undefined ? end - limit : before(startTime))
      const from = Math.max(oldest, start)
      const count = Math.max(0, Math.min(end, from + limit) - from)
      return array(
        Array.from({ length: count }, (_, index) => trades.aggregate(from + index))
          .filter(Predicate.isNotUndefined)
          .map((row) => write(row, unit))
      )
    })

export const klines = ({ market, parameters, unit, visibleUntil }: Query): Parsed<string> =>
  Result.gen(function* () {
    const symbol = yield* read.readSymbol(market, parameters)
    const interval = yield* read.readInterval(parameters)
    const offset = yield* read.readOffset(parameters)
    const limit = yield* read.readLimit(parameters, USUAL_ROWS, MOST_ROWS)
    const startTime = yield* read.readInstant(parameters, "startTime")
    const endTime = yield* read.readInstant(parameters, "endTime")
    const series = symbol.candles.series(interval, offset)
    const until = Math.min(visibleUntil, endTime ?? visibleUntil)
    const rows = [...series.closed, series.current].filter(
      (candle) => candle.open * 1000 <= until && candle.open * 1000 >= (startTime ?? 0)
    )
    const page = startTime === undefined ? rows.slice(-limit) : rows.slice(0, limit)
    return array(page.map((candle) => candleRow(candle, unit)))
  })

export const depth = ({ market, parameters }: Query): Parsed<string> =>
  Result.gen(function* () {
    const symbol = yield* read.readSymbol(market, parameters)
    const limit = yield* read.readLimit(parameters, 100, 5000)
    return bookSnapshot(symbol.book, limit)
  })

const depthWeight = (parameters: Parameters): number => {
  const limit = Number(parameters.get("limit") ?? 100)
  return limit <= 100 ? 5 : limit <= 500 ? 25 : limit <= 1000 ? 50 : 250
}

const QUOTES = ["USDT", "USDC", "FDUSD", "TUSD", "BTC", "ETH", "BNB", "EUR", "TRY"]

const symbolInfo = ({ symbol, status }: SymbolMarket) => {
  const quoteAsset = QUOTES.find((quote) => symbol.endsWith(quote) && symbol !== quote) ?? symbol.slice(-3)
  const tick = price(1)
  const lot = quantity(1)
  return {
    symbol,
    status,
    baseAsset: symbol.slice(0, symbol.length - quoteAsset.length),
    baseAssetPrecision: 8,
    quoteAsset,
    quotePrecision: 8,
    quoteAssetPrecision: 8,
    orderTypes: ["LIMIT", "LIMIT_MAKER", "MARKET"],
    isSpotTradingAllowed: true,
    isMarginTradingAllowed: false,
    filters: [
      { filterType: "PRICE_FILTER", minPrice: tick, maxPrice: price(10_000_000 * TICKS_PER_UNIT), tickSize: tick },
      { filterType: "LOT_SIZE", minQty: lot, maxQty: "9000.00000000", stepSize: lot }
    ],
    permissions: [],
    permissionSets: [["SPOT"]]
  }
}

const readNames = (text: string): ReadonlyArray<string> | undefined => {
  const names = Result.getOrUndefined(Result.try((): unknown => JSON.parse(text)))
  return Array.isArray(names) && names.every(Predicate.isString) ? names : undefined
}

/** The symbols that are asked for: one, a list, or all. */
const askedSymbols = (market: Market, parameters: Parameters): Parsed<ReadonlyArray<SymbolMarket>> => {
  const list = parameters.get("symbols")
  if (parameters.has("symbol")) {
    return list === undefined
      ? Result.map(read.readSymbol(market, parameters), (symbol) => [symbol])
      : read.fail(-1128, "Combination of optional parameters invalid.")
  }
  if (list === undefined) return Result.succeed([...market.symbols.values()])
  const names = readNames(list)
  if (names === undefined) return read.fail(-1100, "Illegal characters found in parameter 'symbols'.")
  const found = names.map((name) => market.symbols.get(name)).filter(Predicate.isNotUndefined)
  return found.length === names.length ? Result.succeed(found) : read.fail(-1121, "Invalid symbol.")
}

export const rateLimits = (weightPerMinute: number) => [
  { rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: weightPerMinute },
  { rateLimitType: "RAW_REQUESTS", interval: "MINUTE", intervalNum: 5, limit: 300_000 }
]

const exchangeInfo = ({ market, parameters, unit, now, weightPerMinute }: Query): Parsed<string> =>
  Result.map(askedSymbols(market, parameters), (symbols) => {
    const status = parameters.get("symbolStatus")
    return JSON.stringify({
      timezone: "UTC",
      serverTime: instant(now, unit),
      rateLimits: rateLimits(weightPerMinute),
      exchangeFilters: [],
      symbols: symbols.filter((symbol) => status === undefined || symbol.status === status).map(symbolInfo)
    })
  })

/** The last 24 hours, from a full minute on. */
const tickerRow = (market: SymbolMarket, isMini: boolean, now: number, unit: TimeUnit): string => {
  const from = Math.floor(now / 1000) - 24 * 3_600_000
  const day = market.candles.window(from, new Map())
  const opened = Math.max(0, from) * 1000
  const full = `"priceChange":"${price(day.closePrice - day.openPrice)}","priceChangePercent":"${percent(day.openPrice, day.closePrice)}","weightedAvgPrice":"${averagePrice(day.quote, day.base, day.closePrice)}",`
  return `{"symbol":"${market.symbol}",${isMini ? "" : full}"openPrice":"${price(day.openPrice)}","highPrice":"${price(day.high)}","lowPrice":"${price(day.low)}","lastPrice":"${price(day.closePrice)}","volume":"${quantity(day.base)}","quoteVolume":"${turnover(day.quote)}","openTime":${instant(opened, unit)},"closeTime":${instant(now, unit)},"firstId":${day.first},"lastId":${day.last},"count":${day.count}}`
}

export const dayTickers = ({ market, now, parameters, unit }: Query): Parsed<string> =>
  Result.map(askedSymbols(market, parameters), (symbols) => {
    const isMini = parameters.get("type") === "MINI"
    const rows = symbols.map((symbol) => tickerRow(symbol, isMini, now, unit))
    return parameters.has("symbol") ? (rows[0] ?? "{}") : array(rows)
  })

const dayTickersWeight = (parameters: Parameters): number => {
  if (parameters.has("symbol")) return 2
  const names = readNames(parameters.get("symbols") ?? "")
  return names === undefined || names.length > 100 ? 80 : names.length > 20 ? 40 : 2
}

export const always = (weight: number) => () => weight

export const time = ({ now, unit }: Query): Parsed<string> =>
  Result.succeed(JSON.stringify({ serverTime: instant(now, unit) }))

export const endpoints: Readonly<Record<string, Endpoint>> = {
  "/api/v3/ping": { weight: always(1), parameters: [], answer: () => Result.succeed("{}") },
  "/api/v3/time": {
    weight: always(1),
    parameters: [],
    answer: time
  },
  "/api/v3/exchangeInfo": {
    weight: always(20),
    parameters: ["symbol", "symbols", "permissions", "showPermissionSets", "symbolStatus"],
    answer: exchangeInfo
  },
  "/api/v3/trades": { weight: always(25), parameters: ["symbol", "limit"], answer: recentTrades },
  "/api/v3/historicalTrades": {
    weight: always(25),
    parameters: ["symbol", "limit", "fromId"],
    answer: historicalTrades
  },
  "/api/v3/aggTrades": {
    weight: always(4),
    parameters: ["symbol", "fromId", "startTime", "endTime", "limit"],
    answer: aggregateTrades(aggregateRow)
  },
  "/api/v3/klines": {
    weight: always(2),
    parameters: ["symbol", "interval", "startTime", "endTime", "timeZone", "limit"],
    answer: klines
  },
  "/api/v3/ticker/24hr": {
    weight: dayTickersWeight,
    parameters: ["symbol", "symbols", "type"],
    answer: dayTickers
  },
  "/api/v3/depth": { weight: depthWeight, parameters: ["symbol", "limit", "symbolStatus"], answer: depth }
}
