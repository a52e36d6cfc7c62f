/**
 * Keeps one connection's streams flowing, over one socket after another, for as long as it runs. What to do is `Rollover`'s to
 * decide; this does it, and says what happened.
 */
import { Clock, Duration, Effect, FiberMap, identity, Latch, Metric, Queue, Random, type Tracer } from "effect"
import { plan } from "../../pipeline/Subscriptions.ts"
import { wholeSecond } from "../../pipeline/wholeSecond.ts"
import type { RolloverSettings } from "../../schema/Settings.ts"
import type { StreamName } from "../../schema/StreamName.ts"
import type { ComponentStatus, Health } from "../../services/Health.ts"
import { LiveSettings } from "../../services/LiveSettings.ts"
import type { FeedNotice, StreamChange } from "../../services/MarketFeed.ts"
import { Status } from "../../services/Status.ts"
import * as plain from "../../services/telemetry/plain.ts"
import * as Telemetry from "../../services/Telemetry.ts"
import * as Backoff from "./Backoff.ts"
import * as Connection from "./Connection.ts"
import * as ConnectionTrace from "./ConnectionTrace.ts"
import type { Disconnected } from "./Disconnected.ts"
import type { Gate } from "./Gate.ts"
import type { Inbox } from "./Inbox.ts"
import * as Rollover from "./Rollover.ts"
import { dueAt } from "./schedule.ts"
import * as Subscriber from "./Subscriber.ts"
import * as Vigil from "./Vigil.ts"

/** Failures in a row after which the next address is tried. */
const TRIES_PER_ADDRESS = 2

export interface KeeperOptions {
  readonly name: string
  /** Counts from 0. */
  readonly line: number
  readonly urls: readonly [URL, ...ReadonlyArray<URL>]
  readonly streams: ReadonlyArray<StreamName>
  readonly connectionTimeout: Duration.Duration
  readonly silenceTimeout: Duration.Duration
  readonly pingInterval: Duration.Duration
  readonly reconnectMaxDelay: Duration.Duration
  readonly rollover: RolloverSettings
  /** Others with the same streams. */
  readonly twins: () => ReadonlyArray<Keeper>
}

/** What all keepers share. */
export interface KeeperContext {
  readonly inbox: Inbox
  readonly gate: Gate
  readonly health: Health["Service"]
  readonly notify: (notice: FeedNotice) => Effect.Effect<void>
  readonly onInvalid: Connection.ConnectionOptions["onInvalid"]
}

export interface Keeper {
  readonly name: string
  readonly run: Effect.Effect<never>
  readonly isLive: () => boolean
  /** When the last frame came, Unix ms. */
  readonly lastFrameAt: () => number
  readonly isRollingOver: () => boolean
  /** What it is to carry; its sockets may differ until they are replaced. */
  readonly streams: () => ReadonlyArray<StreamName>
  readonly setStreams: (streams: ReadonlyArray<StreamName>) => void
  /** How many it has to have room for: its sockets may carry more. */
  readonly size: () => number
  /** Carries these as well and those no more; completes when the exchange has acknowledged it on the sockets that are open. */
  readonly change: (change: StreamChange) => Effect.Effect<void>
  /** Leaves these streams and joins them again, on the sockets that are open. */
  readonly resubscribe: (streams: ReadonlyArray<StreamName>) => Effect.Effect<void>
  /** Replaces the socket by a fresh one, with what it is to carry by then. */
  readonly refresh: Effect.Effect<void>
}

/** An open socket. */
interface Session {
  readonly host: string
  streams: ReadonlyArray<StreamName>
  readonly subscriber: Subscriber.Subscriber
  readonly ended: Latch.Latch
  readonly trace: ConnectionTrace.ConnectionTrace
  isLive: boolean
}

const changed = (streams: ReadonlyArray<StreamName>, { added, removed }: StreamChange): ReadonlyArray<StreamName> => {
  const gone = new Set(removed.map(({ name }) => name))
  const all = [...streams.filter(({ name }) => !gone.has(name)), ...added]
  return [...new Map(all.map((stream) => [stream.name, stream])).values()]
}

const namesOf = (streams: ReadonlyArray<StreamName>): ReadonlyArray<string> => streams.map(({ name }) => name)

export const make = Effect.fnUntraced(function* (
  options: KeeperOptions,
  { gate, health, inbox, notify, onInvalid }: KeeperContext
): Effect.fn.Return<Keeper> {
  const { line, name, twins, urls } = options
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
    tried = base.host
    const trace = yield* ConnectionTrace.begin(name, base, streams.length)
    const planned = plan(name, base, streams)
    const subscriber = yield* Subscriber.make(planned)
    const ended = yield* Latch.make(false)
    const mine: Session = { host: base.host, streams, subscriber, ended, trace, isLive: false }
    const opened = Effect.gen(function* () {
      // They may have changed while it was dialled.
      mine.streams = streams
      subscriber.want(namesOf(streams))
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
    /** Once their settings have changed. */
    const reschedule = Effect.fnUntraced(function* (now: number) {
      if (rolloverNow() === rollover) return
      rollover = rolloverNow()
      const random = yield* Random.next
      const due = Rollover.carriersOf(state).map(
        ({ id, since }) => [id, dueAt(rollover, since, line, random, now)] as const
      )
      ;[state] = Rollover.step(state, { _tag: "Rescheduled", dueAt: new Map(due) }, now)
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
  }).pipe(Effect.scoped)

  return {
    name,
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
      for (const session of sessions.values()) {
        session.streams = changed(session.streams, change)
        session.subscriber.want(namesOf(session.streams))
      }
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
        for (const { subscriber } of sessions.values()) subscriber.renew(namesOf(asked))
      }),
    refresh: tell({ _tag: "Renew" })
  }
})
