/** Whether the names of the settings have addresses. */
import { lookup } from "node:dns/promises"
import { isIP } from "node:net"
import { Effect, Predicate } from "effect"
import * as proxy from "../layers/binance/proxy.ts"
import { addressOf } from "../layers/wire/Address.ts"
import type { Settings } from "../schema/Settings.ts"
import type { Check } from "./Check.ts"
import { failed, type Finding, ok } from "./Finding.ts"

const LIMIT_SECONDS = 5

interface Name {
  readonly host: string
  readonly variable: string
}

const namesOf = ({ binance, feed, kafka, sink }: Settings): ReadonlyArray<Name> => {
  const exchange = (variable: string, urls: ReadonlyArray<URL>) =>
    // A proxy looks names up by itself.
    urls.filter((url) => proxy.agentFor(url) === undefined).map(({ hostname }) => ({ host: hostname, variable }))
  return [
    ...(feed === "binance"
      ? [...exchange("BINANCE_WS_URL", binance.wsUrls), ...exchange("BINANCE_REST_URL", binance.restUrls)]
      : []),
    ...(sink === "kafka"
      ? kafka.bootstrapServers.map((server) => ({
          host: addressOf(server).host,
          variable: "KAFKA_BOOTSTRAP_SERVERS"
        }))
      : [])
  ]
}

const codeOf = (cause: unknown): string =>
  Predicate.hasProperty(cause, "code") && Predicate.isString(cause.code) ? cause.code : String(cause)

const resolve = (host: string, variables: ReadonlyArray<string>): Effect.Effect<Finding> =>
  Effect.tryPromise({ try: () => lookup(host, { all: true }), catch: codeOf }).pipe(
    Effect.timeoutOrElse({
      duration: `${LIMIT_SECONDS} seconds`,
      orElse: () => Effect.fail(`no answer within ${LIMIT_SECONDS} s`)
    }),
    Effect.match({
      onSuccess: (found) => ok("dns", `${host} is ${found.map(({ address }) => address).join(", ")}`),
      onFailure: (reason) =>
        failed(
          "dns",
          `${host} has no address (${reason}): correct ${variables.join(" and ")}, or look at this machine's DNS`
        )
    })
  )

export const dns = (settings: Settings): Check => {
  const names = namesOf(settings).filter(({ host }) => isIP(host.replace(/^\[(.*)\]$/, "$1")) === 0)
  const distinct = Map.groupBy(names, ({ host }) => host)
  return {
    subject: "dns",
    variables: ["BINANCE_MARKET", "BINANCE_WS_URL", "BINANCE_REST_URL", "KAFKA_BOOTSTRAP_SERVERS", "FEED", "SINK"],
    findings: Effect.forEach(
      distinct,
      ([host, places]) => resolve(host, [...new Set(places.map(({ variable }) => variable))]),
      { concurrency: "unbounded" }
    )
  }
}
