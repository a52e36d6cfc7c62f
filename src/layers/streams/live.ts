/** What differs between settings that were read at different times: what is changed at once, and what waits for a start. */
import type { Settings } from "../../schema/Settings.ts"
import { binance } from "../../schema/settings/binance.ts"
import { program } from "../../schema/settings/program.ts"

/** By variable: what it was and what it is. */
export type Difference = Readonly<Record<string, string>>

const ABOUT_STREAMS: ReadonlySet<string> = new Set([binance.streams.name, binance.streamsFile.name])
const OTHERS_AT_ONCE: ReadonlySet<string> = new Set([
  program.logLevel.name,
  binance.rolloverAfter.name,
  binance.rolloverWindow.name
])

const UNSET = "(unset)"

const differentIn = ({ shown: before }: Settings, { shown: after }: Settings): ReadonlyArray<string> =>
  [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => before[name] !== after[name])

/** Beside the streams: what is changed at once. */
export const difference = (before: Settings, after: Settings): Difference =>
  Object.fromEntries(
    differentIn(before, after)
      .filter((name) => OTHERS_AT_ONCE.has(name))
      .map((name) => [name, `${before.shown[name] ?? UNSET} -> ${after.shown[name] ?? UNSET}`])
  )

/** Variables that say something else than what the program was started with, and cannot be changed while it runs. */
export const later = (started: Settings, after: Settings): ReadonlyArray<string> =>
  differentIn(started, after).filter((name) => !ABOUT_STREAMS.has(name) && !OTHERS_AT_ONCE.has(name))
