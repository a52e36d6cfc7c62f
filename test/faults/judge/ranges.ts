/** Of what a judgement has many, a few are shown. */
export const EXAMPLES = 5

/** Ranges for people, a few of them. */
export const rangesOf = (ids: ReadonlyArray<number>, step: number): string => {
  const ranges: Array<[number, number]> = []
  for (const id of ids) {
    const newest = ranges.at(-1)
    if (newest !== undefined && newest[1] + step === id) newest[1] = id
    else ranges.push([id, id])
  }
  const shown = ranges.slice(0, EXAMPLES).map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`))
  return `${shown.join(", ")}${ranges.length > EXAMPLES ? `, and ${ranges.length - EXAMPLES} more ranges` : ""}`
}
