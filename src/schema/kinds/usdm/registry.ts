/** Every stream kind of USD-M futures. Adding one is its file and its line here. */
import type { StreamKind } from "../../StreamKind.ts"
import { aggTrade } from "./aggTrade.ts"
import { bookTicker } from "./bookTicker.ts"
import { depth } from "./depth.ts"
import { forceOrder } from "./forceOrder.ts"
import { kline } from "./kline.ts"
import { markPrice } from "./markPrice.ts"
import { miniTicker } from "./miniTicker.ts"
import { partialDepth } from "./partialDepth.ts"
import { ticker } from "./ticker.ts"

export const usdmKinds: ReadonlyArray<StreamKind> = [
  aggTrade,
  kline,
  markPrice,
  miniTicker,
  ticker,
  bookTicker,
  depth,
  partialDepth,
  forceOrder
]
