/** Medians and ratios over rounds. */

export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
  readonly rounds: number
}

export const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((one, other) => one - other)
  const middle = sorted.length / 2
  const upper = sorted[Math.floor(middle)] ?? Number.NaN
  return Number.isInteger(middle) ? (upper + (sorted[middle - 1] ?? Number.NaN)) / 2 : upper
}

export const spread = (values: ReadonlyArray<number>): Spread => ({
  median: median(values),
  min: Math.min(...values),
  max: Math.max(...values),
  rounds: values.length
})

/** Of what was measured in the same rounds: the ratio of each, then their spread. */
export const ratio = (ours: ReadonlyMap<number, number>, theirs: ReadonlyMap<number, number>): Spread | undefined => {
  const ratios = [...ours].flatMap(([round, value]) => {
    const other = theirs.get(round)
    return other === undefined ? [] : [value / other]
  })
  return ratios.length === 0 ? undefined : spread(ratios)
}
