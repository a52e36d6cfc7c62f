/**
 * The order book of one symbol: a fixed number of adjacent price levels on either side of a spread of one tick. Every
 * change of a level counts up the update id, so that snapshots and differences fit together.
 */

/** The levels that changed since it was last drained: what a depth stream sends. */
export interface BookDifference {
  /** `U` and `u`. */
  readonly first: number
  readonly last: number
  readonly bids: ReadonlyArray<Level>
  readonly asks: ReadonlyArray<Level>
}

export interface BookWatch {
  /** `undefined` if nothing changed. */
  readonly drain: () => BookDifference | undefined
  readonly close: () => void
}

/** Price in ticks and quantity in lots. */
export type Level = readonly [ticks: number, lots: number]

interface Changes {
  bids: Set<number>
  asks: Set<number>
}

export class OrderBook {
  /** Levels on either side. */
  readonly depth: number
  readonly #levels: Uint32Array
  readonly #draw: () => number
  readonly #watches = new Set<Changes>()
  #updateId: number
  #bestBid: number

  constructor(options: {
    readonly bestBid: number
    readonly depth: number
    readonly updateId: number
    /** The quantity of a level that is new or was hit. */
    readonly draw: () => number
  }) {
    this.depth = options.depth
    this.#bestBid = options.bestBid
    this.#updateId = options.updateId
    this.#draw = options.draw
    // Bids and asks are 2 × depth adjacent ticks: the level that a move drops and the one that it adds share a place.
    this.#levels = Uint32Array.from({ length: 2 * options.depth }, options.draw)
  }

  get updateId(): number {
    return this.#updateId
  }
  get bestBid(): Level {
    return [this.#bestBid, this.#lots(this.#bestBid)]
  }
  get bestAsk(): Level {
    return [this.#bestBid + 1, this.#lots(this.#bestBid + 1)]
  }

  bids(limit: number): ReadonlyArray<Level> {
    return Array.from({ length: Math.min(limit, this.depth) }, (_, index) => {
      const ticks = this.#bestBid - index
      return [ticks, this.#lots(ticks)] as const
    })
  }

  asks(limit: number): ReadonlyArray<Level> {
    return Array.from({ length: Math.min(limit, this.depth) }, (_, index) => {
      const ticks = this.#bestBid + 1 + index
      return [ticks, this.#lots(ticks)] as const
    })
  }

  /** The level's quantity changes. */
  touch(ticks: number): void {
    this.#levels[ticks % this.#levels.length] = this.#draw()
    this.#updateId += 1
    for (const changes of this.#watches) (ticks <= this.#bestBid ? changes.bids : changes.asks).add(ticks)
  }

  moveUp(): void {
    this.#move(this.#bestBid + 1, this.#bestBid - this.depth + 1, this.#bestBid + 1 + this.depth)
    this.#bestBid += 1
  }

  moveDown(): void {
    this.#move(this.#bestBid, this.#bestBid + this.depth, this.#bestBid - this.depth)
    this.#bestBid -= 1
  }

  watch(): BookWatch {
    const changes: Changes = { bids: new Set(), asks: new Set() }
    let previous = this.#updateId
    this.#watches.add(changes)
    return {
      drain: () => {
        if (previous === this.#updateId) return undefined
        const difference: BookDifference = {
          first: previous + 1,
          last: this.#updateId,
          bids: [...changes.bids].map((ticks) => [ticks, this.#isBid(ticks) ? this.#lots(ticks) : 0] as const),
          asks: [...changes.asks].map((ticks) => [ticks, this.#isAsk(ticks) ? this.#lots(ticks) : 0] as const)
        }
        previous = this.#updateId
        changes.bids.clear()
        changes.asks.clear()
        return difference
      },
      close: () => {
        this.#watches.delete(changes)
      }
    }
  }

  /** `flipped` changes sides, `dropped` leaves at one end and `added` enters at the other: four changes. */
  #move(flipped: number, dropped: number, added: number): void {
    this.#levels[flipped % this.#levels.length] = this.#draw()
    this.#levels[added % this.#levels.length] = this.#draw()
    this.#updateId += 4
    for (const { bids, asks } of this.#watches) {
      bids.add(flipped).add(Math.min(dropped, added))
      asks.add(flipped).add(Math.max(dropped, added))
    }
  }

  #isBid(ticks: number): boolean {
    return ticks <= this.#bestBid && ticks > this.#bestBid - this.depth
  }
  #isAsk(ticks: number): boolean {
    return ticks > this.#bestBid && ticks <= this.#bestBid + this.depth
  }
  #lots(ticks: number): number {
    return this.#levels[ticks % this.#levels.length] ?? 0
  }
}
