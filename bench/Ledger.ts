/** Holds what was stored against what the exchange says it has sent. */

/** A stream's numbers, both ends included. */
export interface Sent {
  readonly stream: string
  readonly first: number
  readonly last: number
}

export interface Verdict {
  readonly stored: number
  readonly lost: number
  readonly doubled: number
  readonly outOfOrder: number
  /** Never sent. */
  readonly foreign: number
}

export interface Ledger {
  /** The next that was stored of this stream, in the order of its partition. */
  readonly see: (stream: string, number: number) => void
  readonly verdict: () => Verdict
}

export const make = (sent: ReadonlyArray<Sent>): Ledger => {
  const books = new Map(
    sent.map(({ first, last, stream }) => [
      stream,
      { first, last, highest: 0, seen: new Uint8Array(Math.max(0, last - first + 1)) }
    ])
  )
  let stored = 0
  let doubled = 0
  let outOfOrder = 0
  let foreign = 0
  return {
    see: (stream, number) => {
      stored++
      const book = books.get(stream)
      if (book === undefined || number < book.first || number > book.last) {
        foreign++
        return
      }
      const at = number - book.first
      if (book.seen[at] === 1) doubled++
      else if (number < book.highest) outOfOrder++
      book.seen[at] = 1
      book.highest = Math.max(book.highest, number)
    },
    verdict: () => {
      const lost = [...books.values()].reduce(
        (sum, { seen }) => sum + seen.reduce((missing, mark) => missing + 1 - mark, 0),
        0
      )
      return { stored, lost, doubled, outOfOrder, foreign }
    }
  }
}

/** In words; empty: it is as it must be. */
export const faultsOf = ({ doubled, foreign, lost, outOfOrder }: Verdict): ReadonlyArray<string> =>
  Object.entries({ lost, doubled, "out of order": outOfOrder, "never sent": foreign })
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`)
