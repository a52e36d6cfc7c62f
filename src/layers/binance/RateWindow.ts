/**
 * A limit on how often something is done: at most so many in any window of time, and any two at least so far apart. Knows no
 * clock: times are ms of one that never goes back.
 */
export interface RateWindow {
  /** How long until one more is allowed; 0: now. */
  readonly wait: (now: number) => number
  /** One more has been done, allowed or not. */
  readonly took: (now: number) => void
}

export interface Rate {
  readonly most: number
  /** The window, ms. */
  readonly within: number
  /** The least between two, ms. */
  readonly apart: number
}

export const make = (
  { apart, most, within }: Rate,
  /** How many keep to it together. */
  sharers: () => number = () => 1
): RateWindow => {
  const taken: Array<number> = []
  return {
    wait: (now) => {
      const count = Math.max(1, sharers())
      const mine = Math.max(1, Math.floor(most / count))
      const last = taken.at(-1) ?? Number.NEGATIVE_INFINITY
      const oldest = taken.at(-mine) ?? Number.NEGATIVE_INFINITY
      return Math.max(0, last + apart * count - now, oldest + within - now)
    },
    took: (now) => {
      taken.push(now)
      if (taken.length > most) taken.shift()
    }
  }
}

/**
 * Of the 300 attempts to connect that the exchange allows an address in 5 minutes; a second is kept back for what the network
 * pushes together. Spaced, so that connections that were cut together do not come back together.
 */
export const ATTEMPTS: Rate = { most: 300, within: 301_000, apart: 100 }

/**
 * Of the 5 frames a second that the exchange allows a connection, one is kept for the pong that it may ask for at any moment:
 * pongs are counted, but cannot wait.
 */
export const CONTROL_FRAMES: Rate = { most: 4, within: 1000, apart: 300 }
