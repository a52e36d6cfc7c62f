/** How far work is of which the end is known, on stderr: its rate, and the time left. */
import type { Effect } from "effect"
import { type Out, showing, timeLeft } from "./liveLine.ts"

export interface Progress {
  readonly update: (done: number, total: number) => void
  /** Shows it while the effect runs. */
  readonly during: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

export const silent: Progress = { update: () => {}, during: (effect) => effect }

export interface Options {
  /** What is done: `reading`. */
  readonly doing?: string
  /** So much of it, for people: `250 records`; the rate is written so too. */
  readonly amount?: (count: number) => string
  readonly out?: Out
}

export const make = ({ amount = (count) => `${count} records`, doing = "reading", out }: Options = {}): Progress => {
  let done = 0
  let total = 0
  const line = (seconds: number): string => {
    const share = total === 0 ? 0 : done / total
    return `${doing}: ${amount(done)}, ${Math.floor(100 * share)} %, ${amount(Math.round(done / seconds))}/s${timeLeft(share, seconds)}`
  }
  return {
    update: (now, all) => {
      done = now
      total = all
    },
    during: showing(line, out)
  }
}
