/** The exchange's history over a real connection, with what went wrong on the way handed out. */
import { Context, Effect, Layer, Queue } from "effect"
import * as BinanceHistory from "../../src/layers/BinanceHistory.ts"
import * as Client from "../../src/layers/binance/rest/Client.ts"
import type { RestError } from "../../src/layers/binance/rest/RestError.ts"
import { type Market, spot } from "../../src/schema/Market.ts"
import { MarketHistory } from "../../src/services/MarketHistory.ts"
import { settingsLayer, testSettings } from "./settings.ts"

export interface RestOptions {
  readonly market?: Market
  readonly share?: number
  readonly wsUrl?: string
}

export const restSettings = (urls: ReadonlyArray<string>, { market = spot, share = 1, wsUrl }: RestOptions = {}) => {
  const { binance } = testSettings()
  const [first = new URL("http://127.0.0.1:1"), ...others] = urls.map((url) => new URL(url))
  return settingsLayer({
    binance: {
      ...binance,
      market,
      restUrls: [first, ...others],
      restWeightShare: share,
      wsUrls: wsUrl === undefined ? binance.wsUrls : [new URL(wsUrl)]
    }
  })
}

export const makeClient = (urls: ReadonlyArray<string>, options?: RestOptions) =>
  Effect.map(Layer.build(Layer.provide(Layer.fresh(Client.layer), restSettings(urls, options))), (context) =>
    Context.get(context, Client.RestClient)
  )

/** `failures` gives each failure of an attempt, as the history has learnt of it. */
export const makeHistory = Effect.fnUntraced(function* (urls: ReadonlyArray<string>, options?: RestOptions) {
  const failures = yield* Queue.unbounded<RestError>()
  const client = yield* makeClient(urls, options)
  const watched = Layer.succeed(Client.RestClient, {
    ...client,
    ask: (question) => Effect.tapError(client.ask(question), (error) => Queue.offer(failures, error))
  })
  const context = yield* Layer.build(Layer.provide(BinanceHistory.layerNoClient, watched))
  return { history: Context.get(context, MarketHistory), failures }
})
