/** USD-M futures: the same promises on two paths, with a history that is asked in another way. */
import { Effect } from "effect"
import { drop, type Faults } from "../../../src/simulator/Faults.ts"
import { type Scenario, streamsOf } from "../scenario.ts"

/** Where the judge looks for them: the names that spot's have. */
const topics = {
  TOPIC_RAW_AGG_TRADES: "raw_agg_trades",
  TOPIC_RAW_KLINES: "raw_klines",
  TOPIC_RAW_BOOK_TICKERS: "raw_book_tickers",
  TOPIC_RAW_DEPTH: "raw_depth",
  TOPIC_RAW_MINI_TICKERS: "raw_mini_tickers",
  TOPIC_DEAD_LETTER: "dead_letter",
  TOPIC_CONTINUITY: "continuity",
  TOPIC_POSITIONS: "positions"
}

const lost: Faults = { onFrame: ({ stream }) => (stream?.endsWith("@aggTrade") === true ? drop : undefined) }

export const futures: ReadonlyArray<Scenario> = [
  {
    name: "futures",
    about: "USD-M: both paths are cut, aggregate trades are lost on a live socket, the process is killed",
    sabotages: ["history"],
    simulator: { market: "usdm", rate: 900 },
    settings: { BINANCE_MARKET: "usdm", ...topics },
    streams: [
      ...streamsOf(["aggTrade", "kline_1m"]),
      "btcusdt@bookTicker",
      "btcusdt@depth@100ms",
      "ethusdt@depth@500ms",
      "!miniTicker@arr"
    ],
    run: ({ connector, simulator }) =>
      Effect.gen(function* () {
        for (const how of ["terminate", { code: 1001, reason: "going away" }] as const) {
          simulator.cutAll(how)
          yield* connector.stores(800)
        }
        simulator.setFaults(lost)
        yield* connector.stores(200)
        simulator.setFaults({})
        yield* connector.stores(500)
        yield* connector.kill
        yield* connector.start()
        yield* connector.stores(500)
      })
  }
]
