/** The names of some streams for a line of the log: a few of them, however many there are. */
import { clipped } from "./clipped.ts"

export const namesOf = (streams: ReadonlyArray<{ readonly name: string }>): string =>
  clipped(streams.map(({ name }) => name).join(", "))
