/**
 * Names of variables that were probably meant to be ours. Others set variables that begin like ours (`KAFKA_OPTS`, `LOG_DIR`,
 * `HTTP_PROXY`, OpenTelemetry's own): of those only a slip of few letters counts, an ending left out (`OTEL_SERVICE`), or the
 * name that other programs use. Where the beginning is ours (`BINANCE_`, `TOPIC_`), every name that we do not have is told of.
 */
import { nearest } from "../../schema/nearest.ts"
import { variables } from "../../schema/settings/variables.ts"

const MAX_SLIPS = 3

/** Beginnings that hardly anybody else uses. */
const OUR_OWN = ["BINANCE_", "TOPIC_", "KAFKA_SASL_", "KAFKA_SSL_", "BATCH_", "RECONNECT_", "SILENCE_", "PING_"]
/** All the same: of programs that trade, batch schedulers, brokers, and what Kubernetes says of a Service. */
const NOT_OURS = [
  /^BINANCE_(API|SECRET|KEY|TESTNET)/,
  /^BATCH_(TASK|JOB|HOSTS)/,
  /KEYSTORE|TRUSTSTORE|ENABLED_MECHANISMS/,
  /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT|PORT_\d+_\w+)$/
]
/** What other programs call it, too far from our name for a slip. */
const ALIASES: ReadonlyArray<readonly [pattern: RegExp, name: string]> = [
  [/^KAFKA_(BROKERS?|SERVERS?|HOSTS?|BOOTSTRAP)$/, "KAFKA_BOOTSTRAP_SERVERS"],
  [/^KAFKA_USER(NAME)?$/, "KAFKA_SASL_USERNAME"],
  [/^KAFKA_PASSWORD$/, "KAFKA_SASL_PASSWORD"],
  [/^WS_TIMEOUT(_SECONDS)?$/, "WS_CONNECTION_TIMEOUT"]
]
/** A unit that our name does not have, or another than it has. */
const UNIT = /_(SECONDS|MS)$/

/** So many names are told at once; of more, the nearest. */
const FEW = 5

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

/** The names to choose from, for one that begins as ours do. */
const family = (given: string): ReadonlyArray<string> => {
  const prefix = OUR_OWN.find((one) => given.startsWith(one))
  if (prefix === undefined || NOT_OURS.some((pattern) => pattern.test(given))) return []
  const all = names.filter((name) => `${name}_`.startsWith(prefix))
  return all.length <= FEW ? all : nearest(given, all, given.length)
}

const alias = (given: string): ReadonlyArray<string> => {
  const bare = given.replace(UNIT, "")
  const found = ALIASES.find(([pattern]) => pattern.test(given))?.[1]
  if (found !== undefined) return [found]
  return UNIT.test(given) ? names.filter((name) => name.replace(UNIT, "") === bare) : []
}

const advice = (given: string): string | undefined => {
  const aliases = alias(given)
  const suggestions = aliases.length > 0 ? aliases : meant(given)
  if (suggestions.length > 0) return `did you mean ${suggestions.join(" or ")}?`
  const others = family(given)
  return others.length === 0 ? undefined : `there is ${others.join(", ")}`
}

/** What is to be said of names that are none of ours but were probably meant to be. */
export const mistyped = (given: Iterable<string>): ReadonlyArray<string> =>
  [...given]
    .filter((name) => !known.has(name))
    .flatMap((name) => {
      const said = advice(name)
      return said === undefined ? [] : [`${name} is no setting: ${said}`]
    })
