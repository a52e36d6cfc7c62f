/** A cold program is slow: each begins with the same number of messages, whatever the rate to come, and stores them all. */
import { setTimeout } from "node:timers/promises"
import type { Trial } from "../Trial.ts"

const RATE = 10_000
const MILLIS = 5000
const CATCH_UP = 8000

export const warmUp = async ({ catchesUp, exchange }: Trial): Promise<void> => {
  await exchange.start(RATE)
  await setTimeout(MILLIS)
  await exchange.stop()
  await catchesUp(1, CATCH_UP)
}
