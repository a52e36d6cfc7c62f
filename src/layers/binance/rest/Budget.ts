/**
 * The request weight that the exchange allows this address in a minute: one for all that asks its REST side. Other programs
 * behind the same address trade on it, so only a share may be used up when we ask, theirs counted in; and a request to pause
 * holds up everything at once.
 */
import { Clock, Duration, Effect, Metric, Option } from "effect"
import * as Telemetry from "../../../services/Telemetry.ts"

const MINUTE = 60_000

/** Where the exchange does not say how long (s). */
const PAUSE: Readonly<Record<Pause, number>> = { 429: 60, 418: 120 }

/** 429: a pause is asked for; 418: the address is banned for having ignored that. */
export type Pause = 429 | 418

export interface Budget {
  /** Waits until the request may be made, makes it, and counts what it has cost. */
  readonly spend: <A extends { readonly usedWeight: Option.Option<number> }, E, R>(
    weight: number,
    request: Effect.Effect<A, E, R>
  ) => Effect.Effect<A, E, R>
  /** Nothing is asked for so many seconds. */
  readonly pause: (status: Pause, seconds: Option.Option<number>) => Effect.Effect<void>
  /** What the exchange allows in a minute. */
  readonly allow: (perMinute: number) => void
}

/** `usual`: what the exchange allows in a minute until it says otherwise. */
export const make = (share: number, usual: number): Budget => {
  let perMinute = usual
  let minute = 0
  /** By everybody behind this address in this minute, as far as it is known. */
  let used = 0
  let inFlight = 0
  let pausedUntil = 0

  /** From when on the request may be made: now, if that is not later. The first of a minute always may. */
  const opensAt = (now: number, weight: number): number => {
    if (now < pausedUntil) return pausedUntil
    const present = Math.floor(now / MINUTE)
    if (present !== minute) {
      minute = present
      used = 0
    }
    const taken = used + inFlight
    return taken === 0 || taken + weight <= share * perMinute ? now : (present + 1) * MINUTE
  }

  const wait = (weight: number): Effect.Effect<void> =>
    Effect.flatMap(Clock.currentTimeMillis, (now) => {
      const opens = opensAt(now, weight)
      return opens > now ? Effect.andThen(Effect.sleep(opens - now), wait(weight)) : Effect.void
    })

  const count = Effect.fnUntraced(function* (weight: number, began: number, reported: Option.Option<number>) {
    yield* Option.match(reported, {
      onNone: () => Effect.void,
      onSome: (weight) => Metric.update(Telemetry.restUsedWeight, weight)
    })
    // What was asked in another minute says nothing of this one.
    if (began !== minute) return
    used = Math.max(
      used,
      Option.getOrElse(reported, () => used + weight)
    )
  })

  return {
    spend: (weight, request) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          yield* restore(wait(weight))
          const began = minute
          inFlight += weight
          const answer = yield* Effect.ensuring(
            restore(request),
            Effect.sync(() => {
              inFlight -= weight
            })
          )
          yield* count(weight, began, answer.usedWeight)
          return answer
        })
      ),
    pause: Effect.fnUntraced(function* (status, asked) {
      const seconds = Option.getOrElse(asked, () => PAUSE[status])
      const until = (yield* Clock.currentTimeMillis) + seconds * 1000
      // Requests that were under way together are answered alike.
      const isNews = until >= pausedUntil + 1000
      pausedUntil = Math.max(pausedUntil, until)
      if (!isNews) return
      yield* Effect.annotateLogs(
        status === 418
          ? Effect.logError(
              "Binance has banned this address from its REST side for a while: nothing is asked until then. Lower REST_WEIGHT_SHARE, and look at what else asks from this address"
            )
          : Effect.logWarning(
              "Binance's REST side has had too many requests from this address: nothing is asked for a while"
            ),
        { wait: Duration.format(Duration.seconds(seconds)) }
      )
    }),
    allow: (limit) => {
      perMinute = limit
    }
  }
}
