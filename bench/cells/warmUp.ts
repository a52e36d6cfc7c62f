/**
 * A cold program is slow: V8 compiles it while it runs, most of it in the first quarter of a minute, on the very core that is
 * measured. Each begins with the same messages, whatever the rate to come, and has some seconds to store them all.
 */
import { setTimeout } from "node:timers/promises"
import type { Trial } from "../Trial.ts"

const RATE = 10_000
const MILLIS = 5000
const CATCH_UP = 8000

/** Until next to nothing is left to compile: for what is to tell of months. */
export const WHOLE_MILLIS = 15_000

export const warmUp = async ({ catchesUp, exchange }: Trial, millis = MILLIS): Promise<void> => {
  await exchange.start(RATE)
  await setTimeout(millis)
  await exchange.stop()
  await catchesUp(1, CATCH_UP)
}
