/** Every stream kind of the spot market. Adding one is its file and its line here. */
import type { StreamKind } from "../StreamKind.ts"
import { aggTrade } from "./aggTrade.ts"
import { avgPrice } from "./avgPrice.ts"
import { blockTrade } from "./blockTrade.ts"
import { bookTicker } from "./bookTicker.ts"
import { depth } from "./depth.ts"
import { kline } from "./kline.ts"
import { miniTicker } from "./miniTicker.ts"
import { partialDepth } from "./partialDepth.ts"
import { referencePrice } from "./referencePrice.ts"
import { ticker } from "./ticker.ts"
import { trade } from "./trade.ts"
import { windowTicker } from "./windowTicker.ts"

export const streamKinds: ReadonlyArray<StreamKind> = [
  trade,
  aggTrade,
  blockTrade,
  kline,
  miniTicker,
  ticker,
  windowTicker,
  bookTicker,
  avgPrice,
  depth,
  partialDepth,
  referencePrice
]
