/**
 * What all connections must pass before they dial: the process's budget of attempts, and the rest that a host has asked for by
 * refusing one of them.
 */
import { Clock, Context, Duration, Effect } from "effect"
import type { Refusal } from "./Disconnected.ts"
import * as RateWindow from "./RateWindow.ts"

/** The first rest after a refusal that names none; it doubles as long as the host refuses. */
const FIRST_REST: Readonly<Record<Refusal["kind"], Duration.Duration>> = {
  limited: Duration.seconds(60),
  barred: Duration.seconds(30),
  other: Duration.zero
}

/** Longer waits for the budget are worth a line. */
const SAID_AFTER_MILLIS = 5000

export interface Gate {
  /** Waits until one of the addresses may be dialled, the first one if it may, and counts the attempt. */
  readonly pass: (addresses: ReadonlyArray<URL>) => Effect.Effect<URL>
  /** Gives the rest for which nobody dials the host now. */
  readonly refused: (host: string, refusal: Refusal) => Effect.Effect<Duration.Duration>
  readonly opened: (host: string) => Effect.Effect<void>
}

/** That of all feeds in the process; undefined: each feed has one of its own. */
export class SharedGate extends Context.Reference<Gate | undefined>("binance-kafka/layers/binance/SharedGate", {
  defaultValue: () => undefined
}) {}

interface Host {
  refusals: number
  restsUntil: number
}

/** `max` bounds every rest but the one that the exchange itself asks for. */
export const make = Effect.fnUntraced(function* (
  max: Duration.Duration,
  rate = RateWindow.ATTEMPTS,
  sharers?: () => number
) {
  const clock = yield* Clock.Clock
  const now = () => Number(clock.monotonicTimeNanosUnsafe()) / 1e6
  const attempts = RateWindow.make(rate, sharers)
  const hosts = new Map<string, Host>()

  const hostOf = (name: string): Host => {
    const host = hosts.get(name) ?? { refusals: 0, restsUntil: 0 }
    hosts.set(name, host)
    return host
  }

  const gate: Gate = {
    pass: Effect.fnUntraced(function* (addresses) {
      for (;;) {
        const rests = addresses.map((address) => ({
          address,
          rest: Math.max(0, hostOf(address.host).restsUntil - now())
        }))
        const shortest = Math.min(...rests.map(({ rest }) => rest))
        const found = rests.find(({ rest }) => rest === shortest)
        if (found === undefined) return yield* Effect.never
        const wait = found.rest > 0 ? found.rest : attempts.wait(now())
        if (wait === 0) {
          attempts.took(now())
          return found.address
        }
        if (found.rest === 0 && wait > SAID_AFTER_MILLIS) {
          yield* Effect.logWarning(
            "Too many attempts to connect: waiting until the exchange's limit allows one more"
          ).pipe(Effect.annotateLogs({ wait: Duration.format(Duration.seconds(Math.ceil(wait / 1000))) }))
        }
        yield* Effect.sleep(Duration.millis(Math.ceil(wait)))
      }
    }),
    refused: (name, { kind, retryAfter }) =>
      Effect.sync(() => {
        const host = hostOf(name)
        const own = Duration.min(Duration.times(FIRST_REST[kind], 2 ** Math.min(host.refusals, 10)), max)
        const rest = retryAfter ?? own
        if (kind !== "other") host.refusals++
        host.restsUntil = Math.max(host.restsUntil, now() + Duration.toMillis(rest))
        return rest
      }),
    opened: (name) =>
      Effect.sync(() => {
        hostOf(name).refusals = 0
      })
  }
  return gate
})
