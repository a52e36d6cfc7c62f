/** What a run consists of, in which order. */
import type { Case, Cell, Size } from "./cells/Cell.ts"

export interface Step {
  readonly cell: Cell
  readonly round: number
  readonly one: Case
}

/** Those that are asked for, or all that belong to a run of this size. */
export const chosen = (cells: ReadonlyArray<Cell>, size: Size, names?: ReadonlyArray<string>): ReadonlyArray<Cell> =>
  names === undefined
    ? cells.filter(({ isInQuick, isOnRequest }) => isOnRequest !== true && (!size.isQuick || isInQuick === true))
    : names.flatMap((name) => cells.filter((cell) => cell.name === name))

export const steps = (
  cells: ReadonlyArray<Cell>,
  size: Size,
  options: { readonly rounds?: number | undefined; readonly only?: ReadonlyArray<string> | undefined }
): ReadonlyArray<Step> =>
  cells.flatMap((cell) => {
    const { only, rounds = cell.rounds(size) } = options
    const cases = cell.cases(size).filter(({ contestant }) => only?.includes(contestant.name) ?? true)
    return Array.from({ length: rounds }, (_, index) => index + 1).flatMap((round) =>
      // Who goes first changes: what one leaves behind is not always the same one's to bear.
      (round % 2 === 0 ? cases.toReversed() : cases).map((one) => ({ cell, round, one }))
    )
  })
