/** The REST side of the same market: which symbols there are, and any trade by its id. */
import { tradeFigures } from "./frames.ts"
import type { Market } from "./Market.ts"

const DAY = 86_400_000

/** The weight that an address has: what the connector asks for is not to wait for it. */
const WEIGHT_PER_MINUTE = 100_000_000

const whole = (text: string | null, usual: number): number => (text === null ? usual : Number(text))

const tradeRow = (id: number, time: number) => {
  const { buyerIsMaker, price, quantity } = tradeFigures(id)
  return `{"id":${id},"price":"${price}","qty":"${quantity}","quoteQty":"1.00000000","time":${time},"isBuyerMaker":${buyerIsMaker},"isBestMatch":true}`
}

/** One trade each. */
const aggregateRow = (id: number, time: number) => {
  const { buyerIsMaker, price, quantity } = tradeFigures(id)
  return `{"a":${id},"p":"${price}","q":"${quantity}","f":${id},"l":${id},"T":${time},"m":${buyerIsMaker},"M":true}`
}

const candleRow = (open: number) =>
  `[${open},"60000.10000000","60000.10000000","60000.10000000","60000.10000000","83.11420000",${open + DAY - 1},"240236.11830000",93,"40.02000000","115680.40110000","0"]`

const exchangeInfo = (market: Market, asked: string | null, now: number): string => {
  const names: ReadonlyArray<string> = asked === null ? [...market.symbols] : JSON.parse(asked)
  return JSON.stringify({
    timezone: "UTC",
    serverTime: now,
    rateLimits: [{ rateLimitType: "REQUEST_WEIGHT", interval: "MINUTE", intervalNum: 1, limit: WEIGHT_PER_MINUTE }],
    exchangeFilters: [],
    symbols: names.map((symbol) => ({ symbol, status: "TRADING" }))
  })
}

/** `undefined`: there is no such endpoint. */
export const answer = (market: Market, url: URL, now: number): string | undefined => {
  const { searchParams } = url
  const next = market.nextId(searchParams.get("symbol") ?? "")
  const limit = Math.min(1000, whole(searchParams.get("limit"), 500))
  const from = whole(searchParams.get("fromId"), next - limit)
  const rows = (row: (id: number, time: number) => string) =>
    `[${Array.from({ length: Math.max(0, Math.min(limit, next - from)) }, (_, index) => row(from + index, now)).join(",")}]`
  switch (url.pathname) {
    case "/api/v3/ping":
      return "{}"
    case "/api/v3/time":
      return JSON.stringify({ serverTime: now })
    case "/api/v3/exchangeInfo":
      return exchangeInfo(market, searchParams.get("symbols"), now)
    case "/api/v3/historicalTrades":
    case "/api/v3/trades":
      return rows(tradeRow)
    case "/api/v3/aggTrades":
      return rows(aggregateRow)
    case "/api/v3/klines": {
      const today = now - (now % DAY)
      const first = Math.ceil(whole(searchParams.get("startTime"), today - (limit - 1) * DAY) / DAY) * DAY
      const count = Math.max(0, Math.min(limit, (today - first) / DAY + 1))
      return `[${Array.from({ length: count }, (_, index) => candleRow(first + index * DAY)).join(",")}]`
    }
    default:
      return undefined
  }
}
