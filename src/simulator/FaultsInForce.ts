/** Faults that are in force at the same time: each is asked, and the first that has something to say decides. */
import type { Faults } from "./Faults.ts"

export class FaultsInForce {
  readonly #all = new Set<Faults>()

  /** Puts faults in force, and gives what takes them back. */
  add(faults: Faults): () => void {
    this.#all.add(faults)
    return () => this.#all.delete(faults)
  }

  readonly combined: Faults = {
    onUpgrade: (request) => this.#first(({ onUpgrade }) => onUpgrade?.(request)),
    onFrame: (frame, connection) => this.#first(({ onFrame }) => onFrame?.(frame, connection)),
    onSubscribe: (names, connection) => this.#first(({ onSubscribe }) => onSubscribe?.(names, connection)),
    onRest: (request) => this.#first(({ onRest }) => onRest?.(request))
  }

  #first<A>(ask: (faults: Faults) => A | undefined): A | undefined {
    for (const faults of this.#all) {
      const verdict = ask(faults)
      if (verdict !== undefined) return verdict
    }
    return undefined
  }
}
