/** The last sends to Kafka: how long they took and how much they held, in bounded memory. */

const KEPT = 512

export interface Percentiles {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

export interface Sends {
  readonly add: (records: number, millis: number) => void
  /** Undefined before the first one. */
  readonly summary: () => { readonly sendMs: Percentiles; readonly batchRecords: number } | undefined
}

export const make = (): Sends => {
  const millis = new Float64Array(KEPT)
  const records = new Float64Array(KEPT)
  let count = 0

  return {
    add: (held, took) => {
      millis[count % KEPT] = took
      records[count % KEPT] = held
      count++
    },
    summary: () => {
      const kept = Math.min(count, KEPT)
      if (kept === 0) return undefined
      const sorted = millis.slice(0, kept).toSorted()
      const nearest = (share: number): number => sorted[Math.ceil(share * kept) - 1] ?? 0
      return {
        sendMs: { p50: nearest(0.5), p95: nearest(0.95), p99: nearest(0.99), max: nearest(1) },
        batchRecords: records.slice(0, kept).reduce((sum, one) => sum + one, 0) / kept
      }
    }
  }
}
