/** A `ws` socket as a resource: open until its scope closes, and gone within a second then. */
import { Duration, Effect, Predicate, type Scope } from "effect"
import { WebSocket } from "ws"
import { type Disconnected, disconnected, refused } from "./Disconnected.ts"
import { agentFor } from "./proxy.ts"

/** The exchange closes at once; a peer that is gone never answers. */
const CLOSE_DEADLINE = Duration.seconds(1)

/** The largest frame that is read: the arrays of all symbols are some hundred KB. */
const MAX_FRAME_BYTES = 64 * 1024 * 1024

/** Opens a socket; its handlers are attached before it opens, so that no frame is missed. */
export const open = (
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

export const send = (socket: WebSocket, text: string): Effect.Effect<void, Disconnected> =>
  Effect.callback((resume) => {
    socket.send(text, (error) =>
      resume(Predicate.isError(error) ? Effect.fail(disconnected("closed", error.message)) : Effect.void)
    )
  })
