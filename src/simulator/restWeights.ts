/** The request weight that each address has used up in the present minute, and what exceeding it leads to. */

export interface WeightVerdict {
  /** For `X-MBX-USED-WEIGHT-1M`. */
  readonly used: number
  readonly status: 200 | 429 | 418
  /** Seconds, unless 200. */
  readonly retryAfter: number
}

const MINUTE = 60_000
const BAN = 120_000

interface Usage {
  minute: number
  used: number
  /** Requests made in spite of a 429. */
  ignored: number
  bannedUntil: number
}

export class Weights {
  readonly #perMinute: number
  readonly #patience: number
  readonly #usages = new Map<string, Usage>()

  /** After `patience` requests that ignore a 429, the address is banned for two minutes. */
  constructor(perMinute: number, patience: number) {
    this.#perMinute = perMinute
    this.#patience = patience
  }

  spend(address: string, weight: number, now: number): WeightVerdict {
    const minute = Math.floor(now / MINUTE)
    const usage = this.#usages.get(address) ?? { minute, used: 0, ignored: 0, bannedUntil: 0 }
    this.#usages.set(address, usage)
    if (usage.minute !== minute) {
      usage.minute = minute
      usage.used = 0
      usage.ignored = 0
    }
    const verdict = (status: 200 | 429 | 418, until: number): WeightVerdict => ({
      used: usage.used,
      status,
      retryAfter: Math.max(0, Math.ceil((until - now) / 1000))
    })
    if (now < usage.bannedUntil) return verdict(418, usage.bannedUntil)
    if (usage.used + weight <= this.#perMinute) {
      usage.used += weight
      return verdict(200, now)
    }
    usage.ignored += 1
    if (usage.ignored <= this.#patience) return verdict(429, (minute + 1) * MINUTE)
    usage.bannedUntil = now + BAN
    return verdict(418, usage.bannedUntil)
  }
}
