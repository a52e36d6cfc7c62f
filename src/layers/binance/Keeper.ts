/**
 * Keeps one connection's streams flowing, over one socket after another, for as long as it runs. What to do is `Rollover`'s to
 * decide; this does it, and says what happened.
 */
import { Clock, Duration, Effect, FiberMap, identity, Latch, Metric, Queue, Random, type Tracer } from "effect"
import { plan, shownHost } from "../../pipeline/Subscriptions.ts"
import { wholeSecond } from "../../pipeline/wholeSecond.ts"
import type { ComponentStatus } from "../../services/Health.ts"
import { LiveSettings } from "../../services/LiveSettings.ts"
import { Status } from "../../services/Status.ts"
import * as plain from "../../services/telemetry/plain.ts"
import * as Telemetry from "../../services/Telemetry.ts"
import * as Backoff from "./Backoff.ts"
import * as Connection from "./Connection.ts"
import * as ConnectionTrace from "./ConnectionTrace.ts"
import type { Disconnected } from "./Disconnected.ts"
import * as Rollover from "./Rollover.ts"
import { dueAt } from "./schedule.ts"
import { carry, changed, namesIn, type Session } from "./Session.ts"
import * as Subscriber from "./Subscriber.ts"
import type { Keeper, KeeperContext, KeeperOptions } from "./keeperContract.ts"
import * as Vigil from "./Vigil.ts"

export type * from "./keeperContract.ts"

/** Failures in a row after which the next address is tried. */
const TRIES_PER_ADDRESS = 2

export const make = Effect.fnUntraced(function* (
  options: KeeperOptions,
  { gate, health, inbox, notify, onInvalid }: KeeperContext
): Effect.fn.Return<Keeper> {
  const { line, name, route, twins, urls } = options
  const live = yield* LiveSettings
  const rolloverNow = () => live?.read().rollover ?? options.rollover
  /** By which it was last said when sockets are too old. */
  let rollover = rolloverNow()
  const backoff = Backoff.make(options.reconnectMaxDelay)
  /** What people see of it. */
  const seen = (yield* Status).connection(name)
  const vigil = yield* Vigil.make(name)
  const events = yield* Queue.unbounded<Rollover.Event | "tick">()
  /** By their numbers. */
  const sessions = new Map<number, Session>()
  let streams = options.streams
  let [state, commands] = Rollover.initial
  let isObeying = false
  /** Failures since data has flowed. */
  let strikes = 0
  let pause = Duration.zero
  /** The inbox's count when it was looked at last. */
  let pauses = 0
  /** The host that was dialled last. */
  let tried: string | null = null

  /** The trace of the socket that was closed last, until it is told what took over. */
  let replaced: Tracer.Span | undefined

  const tell = (event: Rollover.Event) => Effect.asVoid(Queue.offer(events, event))
  const isLive = () => [...sessions.values()].some((session) => session.isLive)
  const carrier = () => (state._tag === "Steady" ? sessions.get(state.carrier.id) : undefined)
  const status = (state: ComponentStatus["state"], detail: string) => health.connection(name, { state, detail })
  /** Its addresses, the one whose turn it is first. */
  const addresses = (): ReadonlyArray<URL> => {
    const turn = (line + Math.floor(strikes / TRIES_PER_ADDRESS)) % urls.length
    return [...urls.slice(turn), ...urls.slice(0, turn)]
  }

  const setLive = (session: Session, live: boolean) =>
    Effect.suspend(() => {
      const change = Number(live) - Number(session.isLive)
      session.isLive = live
      return change === 0 ? Effect.void : Metric.modify(Telemetry.connectionsLive, change)
    })

  /** One socket's life, from the wait before it to its end. */
  const session = Effect.fnUntraced(function* (socket: number, afterFailure: boolean) {
    if (afterFailure) yield* Effect.sleep(pause)
    const base = yield* gate.pass(addresses())
    tried = shownHost(base, route)
    const trace = yield* ConnectionTrace.begin(name, base, streams.length)
    const planned = plan(name, base, { route, streams })
    const subscriber = yield* Subscriber.make(planned)
    const ended = yield* Latch.make(false)
    const mine: Session = { host: tried, streams, subscriber, ended, trace, isLive: false }
    const opened = Effect.gen(function* () {
      // They may have changed while it was dialled.
      carry(mine, streams)
      if (!isLive()) yield* status("starting", "open, no data yet")
      vigil.opened()
      sessions.set(socket, mine)
      yield* trace.opened
      yield* gate.opened(base.host)
      const due = dueAt(rolloverNow(), yield* Clock.currentTimeMillis, line, yield* Random.next)
      yield* tell({ _tag: "Opened", socket, dueAt: due })
    })
    const dataFlows = Effect.gen(function* () {
      strikes = 0
      yield* backoff.dataFlows
      yield* setLive(mine, true)
      yield* status("up", `${mine.streams.length} streams`)
      yield* Effect.logInfo("Data flows")
      yield* trace.dataFlows
      yield* tell({ _tag: "Live", socket })
    })
    yield* Connection.run(planned, inbox, {
      ...options,
      subscriber,
      onOpen: opened,
      onSubscribed: Effect.andThen(trace.subscribed, tell({ _tag: "Subscribed", socket })),
      onFrame: vigil.seen,
      onData: dataFlows,
      onShutdownNotice: Effect.andThen(
        Effect.logInfo("The exchange announced that this server shuts down"),
        tell({ _tag: "ShutdownNotice", socket })
      ),
      onInvalid
    }).pipe(
      Effect.onExit(trace.ended),
      Effect.ensuring(
        Effect.suspend(() => {
          sessions.delete(socket)
          ended.openUnsafe()
          return setLive(mine, false)
        })
      ),
      Effect.catch((failure) => failed(base, failure)),
      Effect.annotateLogs({ connection: name }),
      Effect.withParentSpan(trace.span, { captureStackTrace: false })
    )
    return yield* tell({ _tag: "Ended", socket })
  })

  const failed = Effect.fnUntraced(function* (base: URL, { message, reason, refusal }: Disconnected) {
    pause = yield* backoff.failed
    strikes += refusal === undefined ? 1 : TRIES_PER_ADDRESS
    const rest = refusal === undefined ? Duration.zero : yield* gate.refused(base.host, refusal)
    yield* Metric.update(Metric.withAttributes(Telemetry.reconnects, { reason }), 1)
    // Another socket of its own, or another connection, carries the same.
    const isReplaced = sessions.size > 0
    const isCovered = isReplaced || twins().some((twin) => twin.isLive())
    if (!isReplaced) {
      vigil.closed(urls.length > 1 ? pause : Duration.max(pause, rest))
      yield* status("down", message)
    }
    const level = refusal?.kind === "barred" ? "Error" : isCovered ? "Info" : "Warn"
    const what = isReplaced ? "Disconnected: another connection carries the streams" : "Disconnected: connecting again"
    yield* Effect.logWithLevel(level)(
      refusal?.kind === "barred" ? "The exchange lets nobody in from here: a person has to look at it" : what
    ).pipe(
      Effect.annotateLogs({
        kind: reason,
        reason: message,
        ...(Duration.isZero(rest) ? {} : { wait: Duration.format(rest) })
      })
    )
  })

  const rolledOver = Effect.fnUntraced(function* (since: number, reason: Rollover.Reason) {
    yield* Metric.update(Metric.withAttributes(Telemetry.rollovers, { reason }), 1)
    const carrying = carrier()
    yield* Effect.logInfo("A new connection has taken over").pipe(
      Effect.annotateLogs({ connection: name, reason }),
      carrying === undefined ? identity : Effect.withParentSpan(carrying.trace.span, { captureStackTrace: false })
    )
    if (carrying !== undefined) yield* carrying.trace.tookOver(reason, replaced)
    replaced = undefined
    const to = yield* Clock.currentTimeMillis
    yield* notify({
      type: "rollover",
      connection: name,
      streams: carrying?.streams ?? streams,
      reason,
      from: since,
      to
    })
  })

  /** The socket that carries. */
  const show = () => {
    const carrier = state._tag === "Connecting" ? undefined : state.carrier
    const carrying = carrier && sessions.get(carrier.id)
    seen.host = carrying?.host ?? tried
    seen.streams = (carrying?.streams ?? streams).length
    seen.since = carrier?.since ?? null
    seen.rolloverAt = carrier?.due.at ?? null
  }

  /** Sockets are too old at other times than was said. */
  const reschedule = Effect.fnUntraced(function* (now: number) {
    if (rolloverNow() === rollover) return
    rollover = rolloverNow()
    const random = yield* Random.next
    const due = Rollover.carriersOf(state).map(
      ({ id, since }) => [id, dueAt(rollover, since, line, random, now)] as const
    )
    ;[state] = Rollover.step(state, { _tag: "Rescheduled", dueAt: new Map(due) }, now)
  })

  const obey = (fibers: FiberMap.FiberMap<number, void>, command: Rollover.Command) => {
    switch (command._tag) {
      case "Open":
        return FiberMap.run(fibers, command.socket, session(command.socket, command.afterFailure))
      case "Close": {
        const old = sessions.get(command.socket)
        const [reason = "replaced"] = commands.flatMap((one) => (one._tag === "RolledOver" ? [one.reason] : []))
        old?.trace.replaced(reason, carrier()?.trace.span)
        replaced = old?.trace.span
        return FiberMap.remove(fibers, command.socket)
      }
      case "RolledOver":
        return rolledOver(command.since, command.reason)
    }
  }

  const run = Effect.gen(function* () {
    yield* status("starting", "connecting")
    yield* plain.total(Metric.withAttributes(Telemetry.connectionFrames, { connection: name }), () => seen.frames)
    const fibers = yield* FiberMap.make<number, void, never>()

    /** Looked at when it is decided upon, so that twins see each other begin. */
    const tick = (): Rollover.Event => {
      const isPaused = inbox.isPaused() || inbox.pauses() > pauses
      pauses = inbox.pauses()
      vigil.tick(isLive() && !isPaused)
      return { _tag: "Tick", isPaused, isTwinBusy: twins().some((twin) => twin.isRollingOver()) }
    }
    const obeyAll = Effect.gen(function* () {
      isObeying = true
      yield* Effect.forEach(commands, (command) => obey(fibers, command), { discard: true })
      isObeying = false
    })
    const decisions = Effect.gen(function* () {
      const event = yield* Queue.take(events)
      const now = yield* Clock.currentTimeMillis
      yield* reschedule(now)
      ;[state, commands] = Rollover.step(state, event === "tick" ? tick() : event, now)
      show()
      yield* obeyAll
    }).pipe(Effect.forever)
    /** To look at the clock, whether it is read and whether its twin is busy. */
    const ticks = Effect.forever(Effect.andThen(wholeSecond, Queue.offer(events, "tick")))
    const failures = Effect.andThen(FiberMap.join(fibers), Effect.never)

    yield* obeyAll
    return yield* Effect.raceAllFirst([decisions, ticks, failures])
  }).pipe(Effect.scoped, Effect.ensuring(Effect.sync(() => vigil.closed(Duration.zero))))

  return {
    name,
    route,
    run,
    isLive,
    lastFrameAt: vigil.lastFrameAt,
    isRollingOver: () => Rollover.isBusy(state) || isObeying,
    streams: () => streams,
    setStreams: (next) => {
      streams = next
    },
    size: () => Math.max(streams.length, ...Array.from(sessions.values(), (one) => one.subscriber.wanted().size)),
    change: Effect.fnUntraced(function* (change) {
      streams = changed(streams, change)
      for (const session of sessions.values()) carry(session, changed(session.streams, change))
      show()
      if (isLive()) yield* status("up", `${streams.length} streams`)
      yield* Effect.forEach(
        [...sessions.values()],
        ({ ended, subscriber }) => Effect.raceFirst(subscriber.settled, ended.await),
        { concurrency: "unbounded", discard: true }
      )
    }),
    resubscribe: (asked) =>
      Effect.sync(() => {
        for (const { subscriber } of sessions.values()) subscriber.renew(namesIn(asked))
      }),
    refresh: tell({ _tag: "Renew" })
  }
})
