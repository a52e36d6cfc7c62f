/**
 * Names of variables that were probably meant to be ours. Others set variables that begin like ours (`KAFKA_OPTS`, `LOG_DIR`,
 * `HTTP_PROXY`, OpenTelemetry's own): only a slip of few letters counts, or an ending left out (`BATCH_TIMEOUT`).
 */
import { nearest } from "../../schema/nearest.ts"
import { variables } from "../../schema/settings/variables.ts"

const MAX_SLIPS = 3

const names = variables.map(({ name }) => name)
const known = new Set(names)

const meant = (given: string): ReadonlyArray<string> => {
  // `FEED` and `SINK` are one letter away from too many words of others.
  const candidates = names.filter((name) => name.includes("_") || given.toUpperCase().startsWith(name))
  const slips = Math.min(MAX_SLIPS, Math.max(1, Math.floor(given.length / 5)))
  const close = nearest(given, candidates, slips)
  if (close.length > 0 || !given.includes("_")) return close
  return names.filter((name) => name.startsWith(`${given.toUpperCase()}_`))
}

/** What is to be said of names that are none of ours but were probably meant to be. */
export const mistyped = (given: Iterable<string>): ReadonlyArray<string> =>
  [...given]
    .filter((name) => !known.has(name))
    .flatMap((name) => {
      const suggestions = meant(name)
      return suggestions.length === 0 ? [] : [`${name} is no setting: did you mean ${suggestions.join(" or ")}?`]
    })
