/** What somebody may have meant: the closest of the names that there are. */

/** How many letters must be put in, left out, replaced or swapped with the next one to make `b` of `a`. */
const distance = (a: string, b: string): number => {
  let beforeLast: ReadonlyArray<number> = []
  let last: ReadonlyArray<number> = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const at = (line: ReadonlyArray<number>, index: number): number => line[index] ?? Infinity
      const same = a[row - 1] === b[column - 1] ? 0 : 1
      const swapped = a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      current.push(
        Math.min(
          at(last, column) + 1,
          at(current, column - 1) + 1,
          at(last, column - 1) + same,
          swapped ? at(beforeLast, column - 2) + 1 : Infinity
        )
      )
    }
    beforeLast = last
    last = current
  }
  return last[b.length] ?? Infinity
}

/** The candidates closest to `text`, case aside: those tied for the first place, or none if all are too far away. */
export const nearest = (
  text: string,
  candidates: ReadonlyArray<string>,
  limit = Math.max(1, Math.floor(text.length / 3))
): ReadonlyArray<string> => {
  const ranked = candidates.map((candidate) => ({
    candidate,
    distance: distance(text.toLowerCase(), candidate.toLowerCase())
  }))
  const best = Math.min(limit, ...ranked.map((one) => one.distance))
  return ranked.filter((one) => one.distance === best).map((one) => one.candidate)
}
