/**
 * The trace of a connection's life: `connect`, `subscribe` and `first data`, the `rollover` by which it took over from another
 * one, and its `close` with the reason. What the log says of the connection carries the trace's id.
 */
import { Effect, Exit, Option, type Tracer } from "effect"
import * as Traces from "../../services/Traces.ts"
import type { Disconnected } from "./Disconnected.ts"

export interface ConnectionTrace {
  /** The root; over when data flows. */
  readonly span: Tracer.Span
  readonly opened: Effect.Effect<void>
  readonly subscribed: Effect.Effect<void>
  readonly dataFlows: Effect.Effect<void>
  /** It has taken over from another one; both were open since it was. */
  readonly tookOver: (reason: string, from: Tracer.Span | undefined) => Effect.Effect<void>
  /** It is to be closed, for another one carries its streams. */
  readonly replaced: (reason: string, by: Tracer.Span | undefined) => void
  /** Its end: a failure says why; where it was replaced or the feed is closed it is an interruption. */
  readonly ended: (exit: Exit.Exit<never, Disconnected>) => Effect.Effect<void>
}

export const begin = Effect.fnUntraced(function* (name: string, url: URL, streams: number) {
  const recorder = yield* Traces.recorder
  const span = yield* Effect.makeSpan(Traces.CONNECTION, {
    root: true,
    kind: "client",
    attributes: {
      "network.protocol.name": "websocket",
      "server.address": url.hostname,
      "server.port": Number(url.port === "" ? (url.protocol === "wss:" ? 443 : 80) : url.port),
      "binance.connection": name,
      "binance.streams": streams
    }
  })
  const begun = recorder.now()
  let openedAt: bigint | undefined
  let replacement: { readonly reason: string; readonly by: Tracer.Span | undefined } | undefined

  const end = (exit: Exit.Exit<unknown, unknown>) => {
    if (span.status._tag === "Started") span.end(recorder.now(), exit)
  }
  /** Since the socket is open. */
  const stage = (what: string) =>
    Effect.sync(() => {
      recorder.stage(span, what, openedAt ?? begun)
    })

  const trace: ConnectionTrace = {
    span,
    opened: Effect.sync(() => {
      openedAt = recorder.now()
      recorder.stage(span, "connect", begun, { to: openedAt })
    }),
    subscribed: stage("subscribe"),
    dataFlows: Effect.andThen(
      stage("first data"),
      Effect.sync(() => end(Exit.void))
    ),
    tookOver: (reason, from) =>
      Effect.sync(() =>
        recorder.stage(span, "rollover", openedAt ?? begun, {
          attributes: { "binance.reason": reason },
          links: from === undefined ? [] : [from]
        })
      ),
    replaced: (reason, by) => {
      replacement = { reason, by }
    },
    ended: (exit) =>
      Effect.sync(() => {
        const to = recorder.now()
        const failure = Option.getOrUndefined(Exit.findErrorOption(exit))
        const [kind, reason] =
          failure !== undefined
            ? [failure.reason, failure.message]
            : replacement !== undefined
              ? ["rollover", replacement.reason]
              : ["stopped", "the feed is closed"]
        end(exit)
        recorder.stage(span, "close", to, {
          to,
          exit: failure === undefined ? Exit.void : exit,
          links: replacement?.by === undefined ? [] : [replacement.by],
          attributes: {
            "binance.kind": kind,
            "binance.reason": reason,
            ...(failure !== undefined && { "error.type": kind }),
            ...(openedAt !== undefined && { "binance.open_seconds": Number((to - openedAt) / 1_000_000n) / 1000 })
          }
        })
      })
  }
  return trace
})
