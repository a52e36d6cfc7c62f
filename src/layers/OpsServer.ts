/**
 * What people, an orchestrator and Prometheus ask over HTTP: `/` (the live page, fed by `/events`), `/status` (the same as
 * JSON), `/healthz` (the process answers), `/readyz` (the sink stores and data flows), `/metrics`. Slow, idle or rude clients
 * hold up neither it nor the stop of the program.
 */
import { createServer } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Clock, Effect, Layer } from "effect"
import { HttpMiddleware, HttpServerResponse } from "effect/http"
import { AppConfig } from "../services/AppConfig.ts"
import { Health } from "../services/Health.ts"
import { Instance } from "../services/Instance.ts"
import * as MetricsPage from "./MetricsPage.ts"
import * as Events from "./ops/Events.ts"
import * as guard from "./ops/guard.ts"
import * as LivePage from "./ops/LivePage.ts"
import * as Report from "./ops/report.ts"
import { reasonsOf } from "./ops/reasons.ts"
import { type OpsServerError, startError } from "./ops/startError.ts"

const LIMITS = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 1000
}

/** Listeners, probes and some people. */
const MOST_CONNECTIONS = 64

const serve = Effect.fnUntraced(function* (host: string, port: number) {
  const health = yield* Health
  const instance = yield* Instance
  const startedAt = yield* Clock.currentTimeMillis
  const report = yield* Report.make
  const livePage = yield* LivePage.make

  const pages = new Map<string, guard.Page>([
    ["/", Effect.succeed(livePage)],
    ["/events", Events.make(report)],
    ["/status", Effect.map(report, (status) => HttpServerResponse.jsonUnsafe(status))],
    [
      "/healthz",
      Effect.map(Clock.currentTimeMillis, (now) =>
        HttpServerResponse.jsonUnsafe({ status: "ok", instance, startedAt, uptimeSeconds: (now - startedAt) / 1000 })
      )
    ],
    [
      "/readyz",
      Effect.map(health.report, ({ ready, status, ...parts }) =>
        HttpServerResponse.jsonUnsafe(
          { ready, status, reasons: reasonsOf(parts), ...parts },
          { status: ready ? 200 : 503 }
        )
      )
    ],
    [
      "/metrics",
      Effect.map(MetricsPage.text, (text) => HttpServerResponse.text(text, { contentType: MetricsPage.CONTENT_TYPE }))
    ]
  ])

  const node = createServer(LIMITS)
  guard.makeRoom(node, MOST_CONNECTIONS)
  guard.refusePipelining(node)
  const server = yield* NodeHttpServer.make(() => node, { host, port, gracefulShutdownTimeout: "200 millis" }).pipe(
    Effect.mapError(({ cause }) => startError(host, port, cause))
  )
  // Too many open files, say: the connection is lost, not the program.
  node.on("error", () => {})
  // Runs after the time for a graceful end: whoever still holds a connection loses it.
  yield* Effect.addFinalizer(() => Effect.sync(() => node.closeAllConnections()))
  yield* server.serve(guard.answer(pages)).pipe(Effect.provideService(HttpMiddleware.TracerDisabledWhen, () => true))
  yield* Effect.logInfo("The live page, health and metrics are served").pipe(Effect.annotateLogs({ host, port }))
})

export const layer: Layer.Layer<never, OpsServerError, AppConfig | Health> = Layer.effectDiscard(
  Effect.gen(function* () {
    const { http } = yield* AppConfig
    if (http.port !== 0) yield* serve(http.host, http.port)
  })
).pipe(Layer.provide(MetricsPage.layer))
