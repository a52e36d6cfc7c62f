/** How long each record took from the exchange to a consumer. */

export interface Summary {
  readonly count: number
  readonly p50: number
  readonly p99: number
  readonly p999: number
  readonly max: number
}

/** The value that such a share is at most (nearest rank); `NaN` of nothing. */
export const percentile = (sorted: ArrayLike<number>, share: number): number =>
  sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN

export const summarise = (latencies: Uint32Array): Summary => {
  const sorted = latencies.toSorted()
  return {
    count: sorted.length,
    p50: percentile(sorted, 0.5),
    p99: percentile(sorted, 0.99),
    p999: percentile(sorted, 0.999),
    max: percentile(sorted, 1)
  }
}

export interface Query {
  /** Of the records that the exchange sent between these moments (Unix ms). */
  readonly from: number
  readonly to: number
  /** Without those of this symbol. */
  readonly without?: string | undefined
}

export interface Latencies {
  readonly add: (symbol: number, sentAt: number, seenAt: number) => void
  readonly between: (from: number, to: number, without: number | undefined) => Summary
}

export const make = (): Latencies => {
  let size = 1 << 16
  let count = 0
  let sent = new Float64Array(size)
  let took = new Uint32Array(size)
  let symbols = new Uint16Array(size)

  const grow = () => {
    size *= 2
    const larger = { sent: new Float64Array(size), took: new Uint32Array(size), symbols: new Uint16Array(size) }
    larger.sent.set(sent)
    larger.took.set(took)
    larger.symbols.set(symbols)
    ;({ sent, took, symbols } = larger)
  }

  return {
    add: (symbol, sentAt, seenAt) => {
      if (count === size) grow()
      sent[count] = sentAt
      took[count] = Math.max(0, seenAt - sentAt)
      symbols[count] = symbol
      count++
    },
    between: (from, to, without) => {
      const chosen = took
        .subarray(0, count)
        .filter((_, at) => (sent[at] ?? 0) >= from && (sent[at] ?? 0) < to && symbols[at] !== without)
      return summarise(chosen)
    }
  }
}
