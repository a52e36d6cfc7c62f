/**
 * One connection's life, top to bottom: connect, subscribe, watch, end with a reason. It never succeeds: whoever runs it
 * decides what the reason means. Frames go into the inbox in the socket's own callback; Effect sees the connection, not the
 * messages.
 */
import { Clock, Data, Deferred, Duration, Effect, Option, Predicate, Result, type Scope } from "effect"
import { WebSocket } from "ws"
import { type ControlFrame, decodeControlFrame } from "../../schema/ControlFrame.ts"
import type { ConnectionPlan } from "../../pipeline/Subscriptions.ts"
import type { Inbox } from "./Inbox.ts"
import { agentFor } from "./proxy.ts"

/** 5 frames a second are allowed, pongs included; at one in 300 ms a burst and a refill never add up to more. */
const CONTROL_FRAME_INTERVAL = Duration.millis(300)

/** How often the watch looks at the clock. */
const WATCH_INTERVAL = Duration.seconds(1)

/** The exchange closes at once; a peer that is gone never answers. */
const CLOSE_DEADLINE = Duration.seconds(1)

/** The largest frame that is read: the arrays of all symbols are some hundred KB. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024

/** Why a connection ended, for metrics and for the decision what to do next. */
export type DisconnectReason = "refused" | "unreachable" | "closed" | "silent" | "no-pong" | "shutdown-notice"

export class Disconnected extends Data.TaggedError("Disconnected")<{
  readonly reason: DisconnectReason
  readonly detail: string
  /** The exchange's own wish, from `Retry-After`. */
  readonly retryAfter: Duration.Duration | undefined
}> {
  override get message() {
    return this.detail
  }
}

const disconnected = (reason: DisconnectReason, detail: string, retryAfter?: Duration.Duration) =>
  new Disconnected({ reason, detail, retryAfter })

export interface ConnectionOptions {
  readonly connectionTimeout: Duration.Duration
  readonly silenceTimeout: Duration.Duration
  /** Zero: none. */
  readonly pingInterval: Duration.Duration
  /** The first data frame has arrived. */
  readonly onData: Effect.Effect<void>
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
    const end = (reason: Disconnected) => Deferred.doneUnsafe(ended, Effect.fail(reason))
    let received = 0
    /** Data frames received when our last ping went out, while nothing has proved since that the other side lives. */
    let pingedAt: number | undefined
    /** Answers to our own frames; said by the watch, since a socket's callback cannot log. */
    const replies: Array<ControlFrame> = []

    const socket = yield* open(plan.url, options.connectionTimeout, (socket) => {
      socket.on("message", (data: Buffer) => {
        const control = controlFrame(data)
        if (control === undefined) {
          inbox.offer({ bytes: data, receivedAt: clock.currentTimeMillisUnsafe() })
          if (++received === 1) Deferred.doneUnsafe(flowing, Effect.void)
        } else if (control._tag === "ServerShutdown") {
          end(disconnected("shutdown-notice", "the exchange announced that this server shuts down"))
        } else {
          replies.push(control)
        }
      })
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

    const subscribe = Effect.forEach(
      plan.subscribe,
      (frame) => Effect.andThen(Effect.sleep(CONTROL_FRAME_INTERVAL), send(socket, frame)),
      { discard: true }
    )

    const sayReplies = Effect.suspend(() => Effect.forEach(replies.splice(0), logReply, { discard: true }))

    const interval = Duration.min(WATCH_INTERVAL, options.silenceTimeout)
    let seen = 0
    let silence = Duration.zero
    /** Counts its own intervals: the clock on the wall may leap. */
    const watch = Effect.gen(function* () {
      yield* Effect.sleep(interval)
      yield* sayReplies
      // While we do not read ourselves, silence says nothing about the other side.
      silence = received > seen || inbox.isPaused() ? Duration.zero : Duration.sum(silence, interval)
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
          if (pingedAt === received) {
            return yield* disconnected("no-pong", `no answer to a ping within ${Duration.format(options.pingInterval)}`)
          }
          pingedAt = received
          return yield* Effect.sync(() => socket.ping())
        }).pipe(Effect.forever)

    return yield* Effect.all(
      [
        Deferred.await(ended),
        Effect.andThen(subscribe, Effect.never),
        Effect.andThen(Deferred.await(flowing), Effect.andThen(options.onData, Effect.never)),
        watch,
        ping
      ],
      { concurrency: "unbounded" }
    )
  }).pipe(
    Effect.andThen(Effect.never),
    Effect.scoped,
    Effect.withSpan("binance.connection", {
      attributes: { "binance.connection": plan.name, "binance.streams": plan.streams.length }
    }),
    Effect.annotateLogs({ connection: plan.name })
  )

/** Opens a socket; its handlers are attached before it opens, so that no frame is missed. */
const open = (
  url: string,
  timeout: Duration.Duration,
  attach: (socket: WebSocket) => void
): Effect.Effect<WebSocket, Disconnected, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const abandoned = new AbortController()
      const socket = new WebSocket(url, {
        perMessageDeflate: false,
        // The decoder checks it: here it would close the socket over one bad frame.
        skipUTF8Validation: true,
        maxPayload: MAX_FRAME_BYTES,
        agent: agentFor(new URL(url), abandoned.signal)
      })
      // The socket knows nothing of one that its agent is still opening to a proxy.
      socket.once("close", () => abandoned.abort())
      // Without a listener an error while closing would end the process.
      socket.on("error", () => {})
      return socket
    }),
    close
  ).pipe(
    Effect.tap((socket) => Effect.sync(() => attach(socket))),
    Effect.tap((socket) =>
      Effect.callback<void, Disconnected>((resume) => {
        socket.once("open", () => resume(Effect.void))
        socket.once("error", (error) => resume(Effect.fail(disconnected("unreachable", error.message))))
        socket.once("unexpected-response", (_request, response) => {
          response.resume()
          resume(Effect.fail(refused(response.statusCode ?? 0, response.headers["retry-after"])))
        })
      }).pipe(
        Effect.timeoutOrElse({
          duration: timeout,
          orElse: () =>
            Effect.fail(
              disconnected("unreachable", `no connection within ${Duration.format(timeout)} (WS_CONNECTION_TIMEOUT)`)
            )
        })
      )
    )
  )

const close = (socket: WebSocket): Effect.Effect<void> =>
  Effect.callback<void>((resume) => {
    if (socket.readyState === WebSocket.CLOSED) return resume(Effect.void)
    socket.once("close", () => resume(Effect.void))
    socket.removeAllListeners("message")
    if (socket.readyState !== WebSocket.OPEN) return socket.terminate()
    // A paused socket would never read the other side's close frame.
    socket.resume()
    return socket.close(1000)
  }).pipe(Effect.timeoutOption(CLOSE_DEADLINE), Effect.andThen(Effect.sync(() => socket.terminate())))

const send = (socket: WebSocket, text: string): Effect.Effect<void, Disconnected> =>
  Effect.callback((resume) => {
    socket.send(text, (error) =>
      resume(Predicate.isError(error) ? Effect.fail(disconnected("closed", error.message)) : Effect.void)
    )
  })

const closed = (code: number, reason: string): Disconnected => {
  const why = code === 1006 ? "without a close frame" : `with code ${code}`
  return disconnected("closed", `the exchange closed the connection ${why}${reason === "" ? "" : `: ${reason}`}`)
}

/** What the exchange means by refusing the upgrade, and what a person can do. */
const HINTS: Readonly<Record<number, string>> = {
  403: "blocked by the exchange's firewall: too many connections or a blocked network",
  407: "the proxy that the environment names wants other credentials",
  418: "this IP is banned for ignoring a rate limit",
  429: "too many requests from this IP",
  451: "not available from this location: try wss://data-stream.binance.vision/stream"
}

const refused = (status: number, retryAfter: string | undefined): Disconnected => {
  const seconds = Number(retryAfter)
  const hint = HINTS[status] ?? (status >= 500 ? "the exchange is in trouble" : "is BINANCE_WS_URL right?")
  return disconnected(
    "refused",
    `the exchange refused the connection with HTTP ${status}: ${hint}`,
    Number.isFinite(seconds) && seconds > 0 ? Duration.seconds(seconds) : undefined
  )
}

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

const logReply = (reply: ControlFrame) =>
  reply._tag === "Rejection"
    ? Effect.logError("The exchange rejected a control frame").pipe(
        Effect.annotateLogs({ code: reply.code, reason: reply.message, id: reply.id })
      )
    : Effect.logDebug("The exchange answered a control frame").pipe(
        Effect.annotateLogs({ reply: JSON.stringify(reply) })
      )
