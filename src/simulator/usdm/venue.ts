/**
 * USD-M futures. Since 2026-04-23 the address has parts: `/public` pushes what the order book shows, `/market` everything else,
 * `/private` what belongs to an account. A stream that is asked for under another one is acknowledged and never sent; so are those of
 * `/market` on the old address without a part.
 */
import type { Venue } from "../Venue.ts"
import * as spot from "../payloads.ts"
import * as payloads from "./payloads.ts"
import { openPoll } from "./polls.ts"
import { endpoints } from "./restEndpoints.ts"

const isOfBook = (stream: string): boolean => /^(!bookTicker$|[^@]+@(bookTicker$|depth))/.test(stream)

export const usdm: Venue = {
  routes: new Map([
    ["", isOfBook],
    ["public", isOfBook],
    ["market", (stream) => !isOfBook(stream)],
    ["private", () => false]
  ]),
  hasTimeUnit: false,
  payloads: { aggregate: payloads.aggregate, bookTicker: payloads.bookTicker, kline: spot.kline },
  openPoll,
  endpoints,
  limits: { pingEveryMillis: 180_000, pongWithinMillis: 600_000, framesPerSecond: 10, weightPerMinute: 2400 }
}
