/** The markets that the simulator serves. */
import type { MarketName } from "../schema/StreamKind.ts"
import * as payloads from "./payloads.ts"
import { openPoll } from "./polls.ts"
import { endpoints } from "./restEndpoints.ts"
import { usdm } from "./usdm/venue.ts"
import type { Venue } from "./Venue.ts"

const spot: Venue = {
  routes: new Map([["", () => true]]),
  hasTimeUnit: true,
  payloads,
  openPoll,
  endpoints,
  limits: { pingEveryMillis: 20_000, pongWithinMillis: 60_000, framesPerSecond: 5, weightPerMinute: 6000 }
}

export const venues: Readonly<Record<MarketName, Venue>> = { spot, usdm }
