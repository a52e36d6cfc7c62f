/** From the market to the channels: events as they happen, everything else at its pace. */
import type { Hub } from "./Hub.ts"
import type { Ledger } from "./Ledger.ts"
import type { Market } from "./Market.ts"
import type { MarketListener, SymbolMarket } from "./SymbolMarket.ts"
import { dependsOnOffset } from "./time.ts"
import type { EventPayloads } from "./Venue.ts"

/** The names of the streams that follow a symbol's events. */
const eventStreams = (symbol: string) => ({
  trade: `${symbol}@trade`,
  aggTrade: `${symbol}@aggTrade`,
  bookTicker: `${symbol}@bookTicker`,
  blockTrade: `${symbol}@blockTrade`
})

/** Publishes the market's events. */
export const makeBroadcast = (
  market: Market,
  { aggregate, blockTrade, bookTicker, kline, trade }: EventPayloads,
  hub: Hub,
  ledger: Ledger
): MarketListener => {
  const names = new Map<SymbolMarket, ReturnType<typeof eventStreams>>()
  /** Symbols are listed while it runs. */
  const streamsOf = (symbol: SymbolMarket): ReturnType<typeof eventStreams> => {
    const known = names.get(symbol)
    if (known !== undefined) return known
    const streams = eventStreams(symbol.streamSymbol)
    names.set(symbol, streams)
    return streams
  }
  return {
    order: (symbol, id, first, last) => {
      const streams = streamsOf(symbol)
      const tape = symbol.trades
      const trades = hub.channel(streams.trade)
      if (trade !== undefined && trades !== undefined) {
        for (let tradeId = first; tradeId <= last; tradeId++) {
          const row = tape.trade(tradeId)
          if (row === undefined) continue
          ledger.push(trades.name, tradeId)
          hub.publish(trades, (unit) => trade(symbol.symbol, row, unit))
        }
      }
      const aggregates = hub.channel(streams.aggTrade)
      const row = aggregates && tape.aggregate(id)
      if (aggregates !== undefined && row !== undefined) {
        ledger.push(aggregates.name, id)
        hub.publish(aggregates, (unit) => aggregate(symbol.symbol, row, unit))
      }
      const quotes = hub.channel(streams.bookTicker)
      if (quotes !== undefined) hub.publish(quotes, (unit) => bookTicker(symbol.symbol, symbol.book, market.now, unit))
    },

    candleClosed: (symbol, series, candle) => {
      if (symbol.status === "BREAK" || symbol.status === "CANCEL_ONLY") return
      const name = `${symbol.streamSymbol}@kline_${series.interval}`
      const forms = dependsOnOffset(series.interval)
        ? [series.offset === 0 ? name : `${name}@+08:00`]
        : [name, `${name}@+08:00`]
      for (const form of forms) {
        const channel = hub.channel(form)
        if (channel === undefined) continue
        ledger.push(form, candle.open)
        hub.publish(channel, (unit) => kline(symbol.symbol, series, candle, true, market.now, unit))
      }
    },

    blockTrade: (symbol, row) => {
      const channel = hub.channel(`${symbol.streamSymbol}@blockTrade`)
      if (blockTrade !== undefined && channel !== undefined) {
        hub.publish(channel, (unit) => blockTrade(symbol.symbol, row, market.now, unit))
      }
    }
  }
}

/** Publishes the paced streams that are due at `now` (µs); a channel's first turn is at the next full multiple of its pace. */
export const publishDue = (hub: Hub, now: number): void => {
  const millis = Math.floor(now / 1000)
  for (const channel of hub.channels) {
    const { poll } = channel
    if (poll === undefined || channel.due > millis) continue
    const isFirst = channel.due === 0
    channel.due = (Math.floor(millis / poll.every) + 1) * poll.every
    const render = isFirst ? undefined : poll.sample(now)
    if (render !== undefined) hub.publish(channel, render)
  }
}
