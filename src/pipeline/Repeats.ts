/**
 * Tells what comes a second time among what has no sequence: connections that overlap bring the same bytes twice. Looks
 * back over at least the last `REMEMBERED` ids, which is seconds at the highest rates.
 *
 * Of an id 64 bits are remembered, in tables that are made once: 2 MB, where the texts would take 20. With a thousand million a day,
 * two are taken for one about once in five hundred years, as far as the two hashes are independent.
 */
import zlib from "node:zlib"
import { murmur2 } from "./murmur2.ts"

const REMEMBERED = 50_000

/** Pairs of numbers, found by the second. At most half of the slots are taken, `0, 0` is none. */
const makeTable = (slots: number) => {
  const pairs = new Int32Array(slots * 2)
  let size = 0
  /** Where the pair is, or would be. */
  const slotOf = (first: number, second: number): number => {
    let slot = second & (slots - 1)
    while (
      (pairs[slot * 2] !== first || pairs[slot * 2 + 1] !== second) &&
      (pairs[slot * 2] !== 0 || pairs[slot * 2 + 1] !== 0)
    ) {
      slot = (slot + 1) & (slots - 1)
    }
    return slot
  }
  return {
    size: () => size,
    has: (first: number, second: number): boolean => {
      const slot = slotOf(first, second)
      return pairs[slot * 2] !== 0 || pairs[slot * 2 + 1] !== 0
    },
    add: (first: number, second: number): void => {
      const slot = slotOf(first, second)
      pairs[slot * 2] = first
      pairs[slot * 2 + 1] = second
      size++
    },
    clear: () => {
      pairs.fill(0)
      size = 0
    }
  }
}

/** Says of an id whether it is new. */
export const make = (remembered = REMEMBERED): ((id: string) => boolean) => {
  const slots = 2 ** Math.ceil(Math.log2(remembered * 2))
  let older = makeTable(slots)
  let newer = makeTable(slots)
  return (id) => {
    const bytes = Buffer.from(id)
    const first = zlib.crc32(bytes) | 0
    const second = murmur2(bytes) || 1
    if (newer.has(first, second) || older.has(first, second)) return false
    newer.add(first, second)
    if (newer.size() >= remembered) {
      ;[older, newer] = [newer, older]
      newer.clear()
    }
    return true
  }
}
