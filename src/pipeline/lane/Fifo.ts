/** A queue that gives out slices. What is taken is let go of at once, its places now and then: a taking costs O(1) each. */
export interface Fifo<A> {
  readonly push: (item: A) => void
  readonly isEmpty: () => boolean
  /** How many from the head on `fits` admits, called with each and its index, until it says no. */
  readonly take: (fits: (item: A, index: number) => boolean) => Array<A>
  /** Those that `leaves` picks, called with each in order. */
  readonly remove: (leaves: (item: A) => boolean) => Array<A>
}

export const make = <A>(): Fifo<A> => {
  let items: Array<A | undefined> = []
  let head = 0
  return {
    push: (item) => void items.push(item),
    isEmpty: () => head === items.length,
    take: (fits) => {
      const taken: Array<A> = []
      for (let item = items[head]; item !== undefined && fits(item, taken.length); item = items[head]) {
        taken.push(item)
        items[head++] = undefined
      }
      if (head > items.length / 2) {
        items = items.slice(head)
        head = 0
      }
      return taken
    },
    remove: (leaves) => {
      const removed: Array<A> = []
      const left: Array<A> = []
      for (let at = head; at < items.length; at++) {
        const item = items[at]
        if (item !== undefined) (leaves(item) ? removed : left).push(item)
      }
      items = left
      head = 0
      return removed
    }
  }
}
