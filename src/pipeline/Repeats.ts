/**
 * Tells what comes a second time among what has no sequence: connections that overlap bring the same bytes twice. Looks
 * back over at least the last `REMEMBERED` ids, which is seconds at the highest rates.
 */

const REMEMBERED = 50_000

/** Says of an id whether it is new. */
export const make = (remembered = REMEMBERED): ((id: string) => boolean) => {
  let older = new Set<string>()
  let newer = new Set<string>()
  return (id) => {
    if (newer.has(id) || older.has(id)) return false
    newer.add(id)
    if (newer.size >= remembered) {
      older = newer
      newer = new Set()
    }
    return true
  }
}
