/** A WebSocket client that a test plays by hand, and a REST call. */
import { Effect, Queue, type Scope } from "effect"
import { WebSocket } from "ws"

export interface Closed {
  readonly code: number
  readonly reason: string
}

export interface Client {
  readonly socket: WebSocket
  /** Text frames as they came. */
  readonly frames: Queue.Queue<string>
  readonly pings: Queue.Queue<string>
  readonly closed: Queue.Queue<Closed>
  /** Sends a control message and waits for the frame that is no event. */
  readonly ask: (message: unknown) => Effect.Effect<string>
}

/** Opens a connection; fails with the HTTP status if it is refused. */
export const connect = (
  url: string,
  options: { readonly autoPong?: boolean } = {}
): Effect.Effect<
  Client,
  { readonly status: number; readonly headers: NodeJS.Dict<string | Array<string>> },
  Scope.Scope
> =>
  Effect.gen(function* () {
    const frames = yield* Queue.unbounded<string>()
    const answers = yield* Queue.unbounded<string>()
    const pings = yield* Queue.unbounded<string>()
    const closed = yield* Queue.unbounded<Closed>()
    const socket = yield* Effect.acquireRelease(
      Effect.sync(() => new WebSocket(url, options)),
      (socket) => Effect.sync(() => socket.terminate())
    )
    socket.on("message", (data) => {
      const text = String(data)
      const isEvent = text.startsWith('{"stream"') || text.startsWith('{"e"') || text.startsWith('{"u"')
      Queue.offerUnsafe(isEvent ? frames : answers, text)
    })
    socket.on("ping", (data) => Queue.offerUnsafe(pings, String(data)))
    socket.on("close", (code, reason) => Queue.offerUnsafe(closed, { code, reason: String(reason) }))
    socket.on("error", () => {})
    yield* Effect.callback<void, { readonly status: number; readonly headers: NodeJS.Dict<string | Array<string>> }>(
      (resume) => {
        socket.on("open", () => resume(Effect.void))
        socket.on("unexpected-response", (_, response) =>
          resume(Effect.fail({ status: response.statusCode ?? 0, headers: response.headers }))
        )
      }
    )
    const ask = (message: unknown) =>
      Effect.suspend(() => {
        socket.send(typeof message === "string" ? message : JSON.stringify(message))
        return Queue.take(answers)
      })
    return { socket, frames, pings, closed, ask }
  })

export interface Reply {
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

export const get = (url: string, headers: Record<string, string> = {}): Effect.Effect<Reply> =>
  Effect.promise(async () => {
    const response = await fetch(url, { headers })
    return { status: response.status, headers: response.headers, text: await response.text() }
  })
