/**
 * The requests of kafkajs that are on their way, in place of its `Map`. Where entries come and go, V8 replaces a map's table every
 * few of them; the one before leads to the new one still, and to what it held itself. Once one is among what is old, so are all
 * that follow, with requests that were answered long ago and their records, until the whole heap is collected.
 */

/** So much of a `Map` as kafkajs uses. They are few, and answered in their order: what is looked for comes first, or is not there. */
export class InFlight<A> {
  readonly #ids: Array<number> = []
  readonly #requests: Array<A> = []

  get size(): number {
    return this.#ids.length
  }

  has(id: number): boolean {
    return this.#ids.includes(id)
  }

  get(id: number): A | undefined {
    return this.#requests[this.#ids.indexOf(id)]
  }

  /** kafkajs has looked that the id is not there. */
  set(id: number, request: A): void {
    this.#ids.push(id)
    this.#requests.push(request)
  }

  delete(id: number): void {
    const at = this.#ids.indexOf(id)
    if (at < 0) return
    this.#ids.splice(at, 1)
    this.#requests.splice(at, 1)
  }

  values(): ReadonlyArray<A> {
    return this.#requests.slice()
  }

  forEach(visit: (request: A) => void): void {
    this.values().forEach(visit)
  }

  clear(): void {
    this.#ids.length = 0
    this.#requests.length = 0
  }
}
