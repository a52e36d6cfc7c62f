/** Depth: ranges of updates that follow one another, or a record that says which do not. */
export class Updates {
  readonly #stream: string
  #last: number | undefined
  readonly holes: Array<readonly [number, number]> = []
  readonly faults: Array<string> = []

  constructor(stream: string) {
    this.#stream = stream
  }

  add(original: string): void {
    // Futures say what goes before, and `U` need not follow it.
    const before = /"pu":(\d+)/.exec(original)?.[1]
    const first = before === undefined ? Number(/"U":(\d+)/.exec(original)?.[1]) : Number(before) + 1
    const last = Number(/"u":(\d+)/.exec(original)?.[1])
    if (this.#last !== undefined) {
      if (last <= this.#last) this.faults.push(`${this.#stream}: ${first}-${last} comes after ${this.#last}`)
      else if (first > this.#last + 1) this.holes.push([this.#last + 1, first - 1])
    }
    this.#last = Math.max(this.#last ?? -Infinity, last)
  }
}
