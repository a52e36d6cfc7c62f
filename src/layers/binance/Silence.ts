/**
 * Whether an open connection is silent for longer than it ever is: half of a connection may be gone for a minute before the
 * socket knows. Looked at once a second; a quiet connection is judged by its own pauses.
 */

/** Nobody is silent sooner, s. */
const LEAST = 5
/** So much longer than the longest usual pause. */
const TOLERANCE = 3
/** Seconds with data until it is known what is usual. */
const ENOUGH = 10
/** Seconds of a half of what is remembered. */
const REMEMBERED = 600

export interface Silence {
  /** A second has passed; `frames`: received so far. Gives how long it has been silent, s, where that is unusual. */
  readonly tick: (frames: number) => number | undefined
  /** This second does not count: it was not read, or there is no connection. */
  readonly pause: (frames: number) => undefined
}

export const make = (): Silence => {
  let seen = 0
  let silent = 0
  let busy = 0
  let longest = 0
  let longestBefore = 0
  let age = 0

  const patience = () => Math.max(LEAST, TOLERANCE * Math.max(longest, longestBefore))
  const spoken = (frames: number): undefined => {
    seen = frames
    silent = 0
  }

  return {
    tick: (frames) => {
      if (++age >= REMEMBERED) {
        age = 0
        longestBefore = longest
        longest = 0
      }
      if (frames > seen) {
        // One pause that was unusual does not make the next one usual.
        longest = Math.max(longest, Math.min(silent, patience()))
        busy++
        return spoken(frames)
      }
      silent++
      return busy >= ENOUGH && silent >= patience() ? silent : undefined
    },
    pause: spoken
  }
}
