/** A queue that gives out slices. What is taken is let go of at once, its places now and then: a taking costs O(1) each. */
export const make = <A>() => {
  let items: Array<A | undefined> = []
  let head = 0
  return {
    push: (item: A): void => {
      items.push(item)
    },
    isEmpty: (): boolean => head === items.length,
    /** How many from the head on `fits` admits, called with each and its index, until it says no. */
    take: (fits: (item: A, index: number) => boolean): Array<A> => {
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
    /** Those that `leaves` picks, called with each in order. */
    remove: (leaves: (item: A) => boolean): Array<A> => {
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
