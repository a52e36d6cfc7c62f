/**
 * Looks after streams that are silent though their connection lives: asks the feed for them anew, and when that is in vain
 * says so, in the log, to the probes and on the continuity topic. Two judges: the stream's own cadence and what other streams
 * know of it (`Watchdog`), and the exchange's history, which is ahead of it (`mute`).
 */
import { Clock, Duration, Effect, Option, Schedule } from "effect"
import type { StreamName } from "../schema/StreamName.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { ExchangeInfo } from "../services/ExchangeInfo.ts"
import { Health } from "../services/Health.ts"
import { MarketFeed } from "../services/MarketFeed.ts"
import * as plain from "../services/telemetry/plain.ts"
import * as Telemetry from "../services/Telemetry.ts"
import type { Statement } from "./ContinuityRecord.ts"
import type { MarketEvent } from "./Decoder.ts"
import { namesOf } from "./namesOf.ts"
import * as Watchdog from "./Watchdog.ts"
import { wholeMultiple } from "./wholeSecond.ts"

const CHECK_EVERY = Duration.seconds(2)
const STATUSES_EVERY = Duration.minutes(5)

/** The reader is held up by the sink: nobody can be judged. */
const HELD_UP_MS = 5000

/** How often the history may be ahead in a row until the stream is called stale. */
const RENEWALS = 2

/** Who finds a stream mute. */
type Judge = "cadence" | "history"

/** Beside what may be missing of it. */
const troubleOf = ({ name }: StreamName): string => `${name} (mute)`

export interface Watch {
  /** The events of a chunk are being read; `done` when they have been. */
  readonly seen: (events: ReadonlyArray<MarketEvent>) => void
  readonly done: () => void
  /** Looks after these too, and after those no more. */
  readonly join: (streams: ReadonlyArray<StreamName>) => void
  readonly leave: (streams: ReadonlyArray<StreamName>) => Effect.Effect<void>
  /** The history is ahead of the stream. */
  readonly mute: (stream: StreamName) => Effect.Effect<void>
  readonly run: Effect.Effect<never>
}

export const make = Effect.fnUntraced(function* (
  streams: ReadonlyArray<StreamName>,
  note: (statement: Statement) => Effect.Effect<void>
) {
  const { binance, feed: source } = yield* AppConfig
  const feed = yield* MarketFeed
  const health = yield* Health
  const clock = yield* Clock.Clock
  const exchange = yield* Effect.serviceOption(ExchangeInfo)
  const watchdog = Watchdog.make({
    streams: [],
    staleAfter: Option.getOrUndefined(Option.map(binance.streamStale, Duration.toMillis)),
    startedAt: clock.currentTimeMillisUnsafe()
  })
  const watched = new Set<StreamName>()
  const trades = new Map<string | undefined, string>()
  const newestTrades = new Map<string, number>()
  /** How often in a row the history was ahead of a stream. */
  const muted = new Map<StreamName, number>()
  /** Those that were asked for anew, and who said so: each judge knows only of its own when they recover. */
  const silent = new Map<StreamName, Judge>()
  /** Those of them that are called stale. */
  const stale = new Set<StreamName>()
  yield* plain.gauge(Telemetry.streamsMute, () => stale.size)
  let readingSince: number | undefined

  const join = (joined: ReadonlyArray<StreamName>) => {
    watchdog.join(joined, clock.currentTimeMillisUnsafe())
    for (const stream of joined) {
      watched.add(stream)
      if (stream.kind.name === "trade") trades.set(stream.symbol, stream.name)
    }
  }
  join(streams)

  const leave = Effect.fnUntraced(function* (left: ReadonlyArray<StreamName>) {
    watchdog.leave(left)
    for (const stream of left) {
      watched.delete(stream)
      if (stream.kind.name === "trade") trades.delete(stream.symbol)
      newestTrades.delete(stream.name)
      muted.delete(stream)
      stale.delete(stream)
      if (silent.delete(stream)) yield* health.trouble(troubleOf(stream), undefined)
    }
  })

  const seen = (events: ReadonlyArray<MarketEvent>) => {
    const now = clock.currentTimeMillisUnsafe()
    readingSince = now
    const last = new Map<StreamName, MarketEvent>()
    for (const event of events) last.set(event.stream, event)
    for (const [stream, { facts, receivedAt }] of last) {
      watchdog.seen(stream.name, receivedAt)
      muted.delete(stream)
      if (stream.kind.name === "trade") newestTrades.set(stream.name, facts.span?.last ?? 0)
    }
    for (const { facts, symbol } of last.values()) {
      const name = facts.newestTrade === undefined ? undefined : trades.get(symbol)
      const newest = name === undefined ? undefined : newestTrades.get(name)
      if (name !== undefined && newest !== undefined) watchdog.proof(name, facts.newestTrade ?? 0, newest, now)
    }
  }

  const callStale = Effect.fnUntraced(function* (stream: StreamName, judge: Judge) {
    if (stale.has(stream)) return
    stale.add(stream)
    silent.set(stream, judge)
    yield* Effect.logWarning("A stream is mute, and asking for it anew did not help").pipe(
      Effect.annotateLogs({ stream: stream.name })
    )
    yield* health.trouble(troubleOf(stream), "asked for anew in vain")
    yield* note({
      type: "stale",
      stream: stream.name,
      symbol: stream.symbol ?? null,
      from: null,
      to: null,
      reason: "nothing is received of it",
      late: false
    })
  })

  const recovered = Effect.fnUntraced(function* (stream: StreamName) {
    if (!silent.delete(stream)) return
    yield* health.trouble(troubleOf(stream), undefined)
    if (!stale.delete(stream)) return
    yield* Effect.logInfo("A mute stream flows again").pipe(Effect.annotateLogs({ stream: stream.name }))
  })

  const renew = Effect.fnUntraced(function* (streams: ReadonlyArray<StreamName>, judge: Judge, reason: string) {
    if (streams.length === 0) return
    const renewed = yield* feed.renew(streams)
    // Of the others the connection itself is told to be silent.
    for (const stream of renewed.alone) {
      if (silent.has(stream)) continue
      silent.set(stream, judge)
      yield* health.trouble(troubleOf(stream), "silent, asked for anew")
    }
    if (renewed.alone.length > 0) {
      yield* Effect.logWarning("Streams are mute though their connection lives: asking for them anew").pipe(
        Effect.annotateLogs({ streams: renewed.alone.length, names: namesOf(renewed.alone), reason })
      )
    }
    if (renewed.silent.length > 0) {
      yield* Effect.logWarning("Nothing comes on a connection that is open: asking for its streams anew").pipe(
        Effect.annotateLogs({ streams: renewed.silent.length, names: namesOf(renewed.silent) })
      )
    }
  })

  const check = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    const isReading = readingSince === undefined || now - readingSince < HELD_UP_MS
    const findings = watchdog.check(now, isReading)
    yield* renew(findings.renew, "cadence", "silent for much longer than usual, or others know of newer trades")
    yield* Effect.forEach(findings.stale, (stream) => callStale(stream, "cadence"), { discard: true })
    const heard = Array.from(silent).flatMap(([stream, judge]) =>
      judge === "history" && !muted.has(stream) ? [stream] : []
    )
    yield* Effect.forEach([...findings.recovered, ...heard], recovered, { discard: true })
  })

  const learnStatuses = Effect.gen(function* () {
    if (Option.isNone(exchange)) return
    const symbols = new Set([...watched].flatMap(({ symbol }) => symbol ?? []))
    const statuses = yield* Effect.option(exchange.value.statuses([...symbols]))
    if (Option.isSome(statuses)) watchdog.statuses(statuses.value)
  })

  const watch: Watch = {
    seen,
    join,
    leave,
    done: () => {
      readingSince = undefined
    },
    mute: Effect.fnUntraced(function* (stream) {
      if (!watched.has(stream)) return undefined
      const times = (muted.get(stream) ?? 0) + 1
      muted.set(stream, times)
      if (times <= RENEWALS) return yield* renew([stream], "history", "the exchange's history is ahead of it")
      return yield* callStale(stream, "history")
    }),
    // A recording is silent where its exchange was, and its frames were received when they were recorded.
    run:
      source === "replay"
        ? Effect.never
        : Effect.all(
            [
              Effect.forever(Effect.andThen(wholeMultiple(CHECK_EVERY), check)),
              Effect.repeat(learnStatuses, Schedule.spaced(STATUSES_EVERY))
            ],
            { concurrency: "unbounded", discard: true }
          ).pipe(Effect.andThen(Effect.never))
  }
  return watch
})
