/** What a sink would have read of its streams, for one that stands so. */
import type { Position } from "../../src/pipeline/Standing.ts"
import type { Standings } from "../../src/services/Positions.ts"

export const standingsOf = (positions: Readonly<Record<string, Position | undefined>>): Standings => {
  const all = Object.entries(positions).flatMap(([stream, position]) => (position ? [{ stream, position }] : []))
  return {
    stands: new Map(
      all.map(({ position: { at, filled = [], last, unsaid = [] }, stream }) => [
        stream,
        { at, inOrder: [{ first: last, last }], late: filled, holes: unsaid }
      ])
    ),
    said: all.flatMap(({ position: { gaps }, stream }) =>
      gaps.map(({ first, last }) => ({ type: "gap-opened", stream, from: first, to: last, late: false }) as const)
    )
  }
}
