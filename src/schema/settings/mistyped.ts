/**
 * Names of variables that were probably meant to be ours. Others set variables that begin like ours (`KAFKA_OPTS`, `LOG_DIR`,
 * `HTTP_PROXY`, OpenTelemetry's own): only a slip of few letters counts, or an ending left out (`BATCH_TIMEOUT`).
 */
import { nearest } from "../nearest.ts"

const MAX_SLIPS = 3

const meant = (given: string, names: ReadonlyArray<string>): ReadonlyArray<string> => {
  // `FEED` and `SINK` are one letter away from too many words of others.
  const candidates = names.filter((name) => name.includes("_") || given.toUpperCase().startsWith(name))
  const slips = Math.min(MAX_SLIPS, Math.max(1, Math.floor(given.length / 5)))
  const close = nearest(given, candidates, slips)
  if (close.length > 0 || !given.includes("_")) return close
  return names.filter((name) => name.startsWith(`${given.toUpperCase()}_`))
}

export const mistyped = (given: Iterable<string>, names: ReadonlyArray<string>): ReadonlyArray<string> => {
  const known = new Set(names)
  return [...given]
    .filter((name) => !known.has(name))
    .flatMap((name) => {
      const suggestions = meant(name, names)
      return suggestions.length === 0 ? [] : [`${name} is no setting: did you mean ${suggestions.join(" or ")}?`]
    })
}
