/** How fast counters grow: their rate per second over the last ten samples, taken once a second. */

const SPANS = 10

/** Counters are told apart by their owner. */
export interface Rates<Owner> {
  /** Every counter as it stands at `now`, monotonic ms; one that is new counts from 0. */
  readonly sample: (now: number, counts: Iterable<readonly [Owner, number]>) => void
  readonly rateOf: (owner: Owner) => number
}

export const make = <Owner>(startedAt: number): Rates<Owner> => {
  const times = new Float64Array(SPANS + 1).fill(startedAt)
  const samples = new Map<Owner, Float64Array>()
  /** Where the last sample is. */
  let at = 0
  let taken = 0

  return {
    sample: (now, counts) => {
      at = (at + 1) % times.length
      taken++
      times[at] = now
      for (const [owner, count] of counts) {
        let ring = samples.get(owner)
        if (ring === undefined) samples.set(owner, (ring = new Float64Array(times.length)))
        ring[at] = count
      }
    },
    rateOf: (owner) => {
      const ring = samples.get(owner)
      if (ring === undefined) return 0
      const first = (at - Math.min(taken, SPANS) + times.length) % times.length
      const seconds = ((times[at] ?? 0) - (times[first] ?? 0)) / 1000
      return seconds <= 0 ? 0 : ((ring[at] ?? 0) - (ring[first] ?? 0)) / seconds
    }
  }
}
