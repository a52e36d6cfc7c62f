/** Things to do later, by the simulator's own clock. */

export class Agenda {
  readonly #entries: Array<{ readonly due: number; readonly action: () => void }> = []

  /** Runs `action` at the first tick at or after `due` (ms); those due at once keep their order. */
  at(due: number, action: () => void): void {
    const index = this.#entries.findLastIndex((entry) => entry.due <= due)
    this.#entries.splice(index + 1, 0, { due, action })
  }

  tick(now: number): void {
    while (this.#entries[0] !== undefined && this.#entries[0].due <= now) this.#entries.shift()?.action()
  }
}
