/**
 * One connection's life, top to bottom: connect, subscribe, watch, end with a reason. It never succeeds: whoever runs it
 * decides what the reason means. Frames go into the inbox in the socket's own callback; Effect sees the connection, not the
 * messages.
 */
import { Clock, Deferred, Duration, Effect, Option, Queue, Result } from "effect"
import type { ConnectionPlan } from "../../pipeline/Subscriptions.ts"
import { wholeMultiple } from "../../pipeline/wholeSecond.ts"
import { type ControlFrame, decodeControlFrame } from "../../schema/ControlFrame.ts"
import type { Frame } from "../../services/MarketFeed.ts"
import * as Control from "./Control.ts"
import { closed, type Disconnected, disconnected } from "./Disconnected.ts"
import type { Inbox } from "./Inbox.ts"
import * as Socket from "./socket.ts"
import type { Subscriber } from "./Subscriber.ts"

/** How often the watch looks at the clock. */
const WATCH_INTERVAL = Duration.seconds(1)

export interface ConnectionOptions {
  readonly connectionTimeout: Duration.Duration
  readonly silenceTimeout: Duration.Duration
  /** Zero: none. */
  readonly pingInterval: Duration.Duration
  /** What it is to carry beside what its address names, or not any more. */
  readonly subscriber: Subscriber
  /** The socket is open. */
  readonly onOpen: Effect.Effect<void>
  /** The exchange has acknowledged all that it is to carry. */
  readonly onSubscribed: Effect.Effect<void>
  /** A frame was read: plain code, for every one of them. */
  readonly onFrame: (frame: Frame) => void
  /** The first data frame has arrived. */
  readonly onData: Effect.Effect<void>
  /** The exchange has announced that this server goes away. */
  readonly onShutdownNotice: Effect.Effect<void>
  /** The exchange will not have these streams, and would say the same again: the connection goes on without them. */
  readonly onInvalid: (names: ReadonlyArray<string>, message: string) => Effect.Effect<void>
}

export const run = (
  plan: ConnectionPlan,
  inbox: Inbox,
  options: ConnectionOptions
): Effect.Effect<never, Disconnected> =>
  Effect.gen(function* () {
    const clock = yield* Clock.Clock
    const ended = yield* Deferred.make<never, Disconnected>()
    const flowing = yield* Deferred.make<void>()
    const shuttingDown = yield* Deferred.make<void>()
    const replies = yield* Queue.unbounded<ControlFrame>()
    const end = (reason: Disconnected) => Deferred.doneUnsafe(ended, Effect.fail(reason))
    const control = yield* Control.make
    let received = 0
    /** Data frames received when our last ping went out, while nothing has proved since that the other side lives. */
    let pingedAt: number | undefined
    /** How often the inbox had paused when it was last known to be read. */
    let pausesAtPing = 0
    let pausesAtWatch = 0

    const socket = yield* Socket.open(plan.url, options.connectionTimeout, (socket) => {
      socket.on("message", (data: Buffer) => {
        const frame = controlFrame(data)
        if (frame === undefined) {
          const taken = { bytes: data, receivedAt: clock.currentTimeMillisUnsafe() }
          options.onFrame(taken)
          inbox.offer(taken)
          if (++received === 1) Deferred.doneUnsafe(flowing, Effect.void)
        } else if (frame._tag === "ServerShutdown") Deferred.doneUnsafe(shuttingDown, Effect.void)
        else Queue.offerUnsafe(replies, frame)
      })
      // `ws` answers it at once.
      socket.on("ping", control.pongSent)
      socket.on("pong", () => {
        pingedAt = undefined
      })
      socket.on("close", (code, reason) => end(closed(code, reason.toString())))
      socket.on("error", (error) => end(disconnected("closed", error.message)))
    })
    yield* Effect.acquireRelease(
      Effect.sync(() => inbox.attach(socket)),
      () => Effect.sync(() => inbox.detach(socket))
    )
    yield* Effect.logInfo("Connected").pipe(Effect.annotateLogs({ streams: plan.streams.length }))
    yield* options.onOpen

    const answered = Effect.fnUntraced(function* (reply: ControlFrame) {
      if (reply._tag === "ServerShutdown") return undefined
      const request = control.answered(reply.id)
      if (reply._tag === "Rejection") {
        const detail = `the exchange rejected a control frame (${reply.code}: ${reply.message})`
        if (!Control.isInvalid(reply.code)) return yield* disconnected("rejected", detail)
        yield* options.onInvalid(request?.names ?? [], detail)
      } else {
        yield* Effect.logDebug("The exchange answered a control frame").pipe(
          Effect.annotateLogs({ frame: JSON.stringify(reply) })
        )
      }
      if (request !== undefined) options.subscriber.answered(request.id)
      return undefined
    })

    const interval = Duration.min(WATCH_INTERVAL, options.silenceTimeout)
    let seen = 0
    let silence = Duration.zero
    /** Counts its own intervals: the clock on the wall may leap. */
    const watch = Effect.gen(function* () {
      const slept = yield* wholeMultiple(interval)
      // While we do not read ourselves, silence says nothing about the other side.
      const wasPaused = inbox.isPaused() || inbox.pauses() > pausesAtWatch
      pausesAtWatch = inbox.pauses()
      if (wasPaused) {
        silence = Duration.zero
        return undefined
      }
      const overdue = control.waited(slept)
      if (overdue !== undefined) {
        const about = `${overdue.names.length} streams`
        return yield* disconnected("unacknowledged", `no answer within 10 s to a control frame about ${about}`)
      }
      silence = received > seen ? Duration.zero : Duration.sum(silence, slept)
      seen = received
      if (Duration.isLessThan(silence, options.silenceTimeout)) return undefined
      return yield* disconnected("silent", `no data for ${Duration.format(silence)} (SILENCE_TIMEOUT_SECONDS)`)
    }).pipe(Effect.forever)

    const ping = Duration.isZero(options.pingInterval)
      ? Effect.never
      : Effect.gen(function* () {
          yield* Effect.sleep(options.pingInterval)
          // An answer that we do not read is no missing answer.
          if (inbox.isPaused()) {
            pingedAt = undefined
            return undefined
          }
          // Data is an answer too: the pong may stand far behind it.
          if (pingedAt === received && inbox.pauses() === pausesAtPing) {
            return yield* disconnected("no-pong", `no answer to a ping within ${Duration.format(options.pingInterval)}`)
          }
          return yield* control.ping
        }).pipe(Effect.forever)

    const sendPing = Effect.sync(() => {
      pingedAt = inbox.isPaused() ? undefined : received
      pausesAtPing = inbox.pauses()
      socket.ping()
    })

    return yield* Effect.all(
      [
        Deferred.await(ended),
        control.sending((text) => (text === undefined ? sendPing : Socket.send(socket, text))),
        Effect.forever(Effect.flatMap(Queue.take(replies), answered)),
        options.subscriber.run(control.request),
        Effect.andThen(options.subscriber.settled, Effect.andThen(options.onSubscribed, Effect.never)),
        Effect.andThen(Deferred.await(flowing), Effect.andThen(options.onData, Effect.never)),
        Effect.andThen(Deferred.await(shuttingDown), Effect.andThen(options.onShutdownNotice, Effect.never)),
        watch,
        ping
      ],
      { concurrency: "unbounded" }
    )
  }).pipe(Effect.andThen(Effect.never), Effect.scoped, Effect.annotateLogs({ connection: plan.name }))

const DATA_HEAD = Buffer.from('{"stream":"')
const SHUTDOWN = "serverShutdown"
/** A notice is shorter than any event; in a longer frame the word is somebody's text. */
const MAX_SHUTDOWN_BYTES = 128

/** Cheap for data, which nearly all frames are: only what may be a control frame is parsed here. */
const controlFrame = (bytes: Buffer): ControlFrame | undefined => {
  const isData =
    bytes.length >= DATA_HEAD.length &&
    bytes.compare(DATA_HEAD, 0, DATA_HEAD.length, 0, DATA_HEAD.length) === 0 &&
    (bytes.length > MAX_SHUTDOWN_BYTES || !bytes.includes(SHUTDOWN))
  if (isData) return undefined
  const json = Result.try((): unknown => JSON.parse(bytes.toString()))
  return Result.isSuccess(json) ? Option.getOrUndefined(decodeControlFrame(json.success)) : undefined
}
