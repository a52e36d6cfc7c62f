/**
 * What kafkajs keeps of requests on their way, without a `Map`. V8 makes the table of one that as much is taken from as is put
 * into anew every few times, and the table before leads to it and to what it held then. Once one of them is old, so is every
 * one that follows, with requests that were answered long ago and their records, until the whole heap is collected.
 */

/** So much of a `Map` as kafkajs uses. Answers come in the order of their requests: what is looked for comes first. */
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
