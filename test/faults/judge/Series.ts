/** The records of a stream whose events follow one another by id, against what was made of it. */
import type { StoredRecord } from "../../support/kafka/records.ts"
import type { Claim } from "./contract.ts"
import type { Made } from "./made.ts"
import { EXAMPLES, rangesOf } from "./ranges.ts"

const withoutEventTime = (json: string): string => json.replace(/"E":\d+/, '"E":0')

export class Series {
  readonly #stream: string
  readonly #made: Made
  readonly #seen = new Set<number>()
  readonly #late = new Set<number>()
  readonly #inOrder = new Set<number>()
  #highest = -Infinity
  #partition: number | undefined
  duplicated = 0
  outOfOrder: Array<number> = []
  mutated = 0
  backfilled = 0
  readonly examples: Array<string> = []

  constructor(stream: string, made: Made) {
    this.#stream = stream
    this.#made = made
  }

  add(id: number, record: StoredRecord, original: string, tail: string): void {
    const isBackfilled = tail.includes(',"backfilled":true')
    const isLate = tail.includes(',"late":true')
    if (isBackfilled) this.backfilled++
    this.#partition ??= record.partition
    if (record.partition !== this.#partition) this.#example(`${id} is in another partition`)
    if (this.#seen.has(id)) {
      this.duplicated++
      this.#example(`${id} is there twice, again at ${record.partition}/${record.offset}`)
    } else if (isLate) this.#late.add(id)
    else if (id < this.#highest) this.outOfOrder.push(id)
    else this.#inOrder.add(id)
    this.#seen.add(id)
    this.#highest = Math.max(this.#highest, id)
    const expected = this.#made.payload(id, isBackfilled)
    const isSame =
      this.#made.step !== 1 || isBackfilled
        ? withoutEventTime(original) === withoutEventTime(expected ?? "")
        : original === expected
    if (isSame) return
    this.mutated++
    this.#example(`${id} is ${original}, made was ${expected ?? "nothing"}`)
  }

  #example(text: string): void {
    if (this.examples.length < EXAMPLES) this.examples.push(`${this.#stream}: ${text}`)
  }

  /** The ids of a claimed range, both inclusive; a candle counts by its open time. */
  #ids(from: number, to: number): ReadonlyArray<number> {
    const { first, step } = this.#made
    const start = first + Math.ceil((from - first) / step) * step
    return Array.from({ length: Math.max(0, Math.floor((to - start) / step) + 1) }, (_, n) => start + n * step)
  }

  /** What is untrue of a claim; `undefined` if nothing is. */
  refute({ from, late, to, type }: Claim): string | undefined {
    if (from === null || to === null || from > to) return "names no ids"
    const ids = this.#ids(from, to)
    const wanted = ids.filter((id) => id >= this.#made.first)
    if (wanted.some((id) => id > this.#made.mayReach)) return "is about ids that were never made"
    switch (type) {
      case "gap-confirmed":
        return wanted.length === 0 ? undefined : "the exchange has these ids"
      case "gap-opened": {
        const inOrder = wanted.filter((id) => this.#inOrder.has(id))
        return inOrder.length === 0 ? undefined : `${rangesOf(inOrder, this.#made.step)} are there in order`
      }
      case "gap-filled": {
        const absent = wanted.filter((id) => !(late ? this.#late : this.#seen).has(id))
        return absent.length === 0 ? undefined : `${rangesOf(absent, this.#made.step)} are not there as it says`
      }
      default:
        return "is of a type that is no gap's"
    }
  }

  report(opened: ReadonlyArray<Claim>, fromFirstStored: boolean) {
    const { first, last, step } = this.#made
    const start = fromFirstStored ? Math.max(first, Math.min(...this.#seen)) : first
    const missing: Array<number> = []
    for (let id = start; id <= last; id += step) if (!this.#seen.has(id)) missing.push(id)
    const isExplained = (id: number) =>
      opened.some(({ from, to }) => from !== null && to !== null && from <= id && id <= to)
    const unexplained = [...this.#late].filter((id) => !isExplained(id))
    return {
      generated: Math.floor((last - start) / step) + 1,
      missing,
      late: this.#late.size - unexplained.length,
      unexplained,
      step
    }
  }
}
