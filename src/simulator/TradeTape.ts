/**
 * The last trades of one symbol, and the aggregate trades over them, in rings of typed arrays: some forty bytes a trade,
 * enough to write any of their payloads again, byte for byte.
 */

export interface TradeRow {
  readonly id: number
  readonly ticks: number
  readonly lots: number
  /** µs: when it was made, and when it was pushed. */
  readonly time: number
  readonly eventTime: number
  readonly buyerIsMaker: boolean
}

export interface AggregateRow extends TradeRow {
  readonly first: number
  readonly last: number
}

export class TradeTape {
  readonly capacity: number
  /** The first id ever given out. */
  readonly firstId: number
  readonly firstAggregateId: number
  #nextId: number
  #nextAggregateId: number
  readonly #ticks: Uint32Array
  readonly #lots: Uint32Array
  readonly #times: Float64Array
  readonly #eventTimes: Float64Array
  readonly #makers: Uint8Array
  readonly #aggregateStarts: Float64Array

  constructor(options: { readonly capacity: number; readonly firstId: number; readonly firstAggregateId: number }) {
    this.capacity = options.capacity
    this.firstId = options.firstId
    this.firstAggregateId = options.firstAggregateId
    this.#nextId = options.firstId
    this.#nextAggregateId = options.firstAggregateId
    this.#ticks = new Uint32Array(options.capacity)
    this.#lots = new Uint32Array(options.capacity)
    this.#times = new Float64Array(options.capacity)
    this.#eventTimes = new Float64Array(options.capacity)
    this.#makers = new Uint8Array(options.capacity)
    this.#aggregateStarts = new Float64Array(options.capacity)
  }

  /** The id of the next trade; the last one is one less. */
  get nextId(): number {
    return this.#nextId
  }
  get nextAggregateId(): number {
    return this.#nextAggregateId
  }
  get oldestId(): number {
    return Math.max(this.firstId, this.#nextId - this.capacity)
  }
  /** The oldest aggregate whose trades are all here still. */
  get oldestAggregateId(): number {
    const kept = Math.max(this.firstAggregateId, this.#nextAggregateId - this.capacity)
    return this.#firstAggregateFrom(kept, (id) => this.#aggregateStart(id) >= this.oldestId)
  }

  /** Opens an aggregate: the trades pushed from here on belong to it. */
  openAggregate(): number {
    const id = this.#nextAggregateId++
    this.#aggregateStarts[id % this.capacity] = this.#nextId
    return id
  }

  push(ticks: number, lots: number, time: number, eventTime: number, buyerIsMaker: boolean): number {
    const id = this.#nextId++
    const place = id % this.capacity
    this.#ticks[place] = ticks
    this.#lots[place] = lots
    this.#times[place] = time
    this.#eventTimes[place] = eventTime
    this.#makers[place] = buyerIsMaker ? 1 : 0
    return id
  }

  trade(id: number): TradeRow | undefined {
    if (id < this.oldestId || id >= this.#nextId) return undefined
    const place = id % this.capacity
    return {
      id,
      ticks: this.#ticks[place] ?? 0,
      lots: this.#lots[place] ?? 0,
      time: this.#times[place] ?? 0,
      eventTime: this.#eventTimes[place] ?? 0,
      buyerIsMaker: this.#makers[place] === 1
    }
  }

  aggregate(id: number): AggregateRow | undefined {
    if (id < this.firstAggregateId || id < this.#nextAggregateId - this.capacity || id >= this.#nextAggregateId) {
      return undefined
    }
    const first = this.#aggregateStart(id)
    const last = id + 1 === this.#nextAggregateId ? this.#nextId - 1 : this.#aggregateStart(id + 1) - 1
    const head = this.trade(first)
    if (head === undefined) return undefined
    let lots = 0
    for (let trade = first; trade <= last; trade++) lots += this.#lots[trade % this.capacity] ?? 0
    return { ...head, id, lots, first, last }
  }

  /** The first id at or after an instant (µs); `nextId` if there is none. */
  firstIdAt(micros: number): number {
    let low = this.oldestId
    let high = this.#nextId
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if ((this.#times[middle % this.capacity] ?? 0) < micros) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The first aggregate that starts at or after a trade id. */
  firstAggregateIdAt(tradeId: number): number {
    return this.#firstAggregateFrom(this.oldestAggregateId, (id) => this.#aggregateStart(id) >= tradeId)
  }

  #aggregateStart(id: number): number {
    return this.#aggregateStarts[id % this.capacity] ?? 0
  }

  #firstAggregateFrom(from: number, holds: (id: number) => boolean): number {
    let low = from
    let high = this.#nextAggregateId
    while (low < high) {
      const middle = Math.floor((low + high) / 2)
      if (holds(middle)) high = middle
      else low = middle + 1
    }
    return low
  }
}
