/**
 * What an orchestrator and Prometheus ask over HTTP: `/healthz` (the process answers), `/readyz` (the sink stores and data
 * flows), `/metrics`. Slow, idle or rude clients hold up neither it nor the stop of the program.
 */
import { createServer } from "node:http"
import * as NodeHttpServer from "@effect/platform-node/NodeHttpServer"
import { Effect, Layer, Predicate, Schema } from "effect"
import { HttpMiddleware, HttpServerRequest, HttpServerResponse } from "effect/http"
import { AppConfig } from "../services/AppConfig.ts"
import { Health } from "../services/Health.ts"
import * as MetricsPage from "./MetricsPage.ts"

export class OpsServerError extends Schema.TaggedError<OpsServerError>()("OpsServerError", {
  /** One line for the operator: what failed, and which setting to look at. */
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {}

const TIMEOUTS = {
  headersTimeout: 5000,
  requestTimeout: 10_000,
  keepAliveTimeout: 15_000,
  connectionsCheckingInterval: 1000
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "is taken by another program: choose another HTTP_PORT, or 0 to do without",
  EACCES: "needs privileges: choose an HTTP_PORT of 1024 or more, or 0 to do without",
  EADDRNOTAVAIL: "is no address of this machine: look at HTTP_HOST",
  ENOTFOUND: "is no known host: look at HTTP_HOST"
}

const startError = (host: string, port: number, cause: unknown): OpsServerError => {
  const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : String(cause)
  const reason = REASONS[code] ?? `cannot be listened on (${code}): look at HTTP_HOST and HTTP_PORT`
  return new OpsServerError({ message: `HTTP_PORT=${port}: ${host}:${port} ${reason}`, cause })
}

const METHODS = ["GET", "HEAD"]
const uncached = HttpServerResponse.setHeader("cache-control", "no-store")

const serve = Effect.fnUntraced(function* (host: string, port: number) {
  const health = yield* Health

  const pages = new Map<string, Effect.Effect<HttpServerResponse.HttpServerResponse>>([
    ["/healthz", Effect.sync(() => HttpServerResponse.jsonUnsafe({ status: "ok" }))],
    [
      "/readyz",
      Effect.map(health.report, (report) => HttpServerResponse.jsonUnsafe(report, { status: report.ready ? 200 : 503 }))
    ],
    [
      "/metrics",
      Effect.map(MetricsPage.text, (text) => HttpServerResponse.text(text, { contentType: MetricsPage.CONTENT_TYPE }))
    ]
  ])

  const answer = Effect.gen(function* () {
    const { method, url } = yield* HttpServerRequest.HttpServerRequest
    const [path = ""] = url.split("?")
    const page = pages.get(path)
    if (page === undefined) {
      return HttpServerResponse.text(`there are ${[...pages.keys()].join(", ")}\n`, { status: 404 })
    }
    if (!METHODS.includes(method)) {
      return HttpServerResponse.empty({ status: 405, headers: { allow: METHODS.join(", ") } })
    }
    return uncached(yield* page)
  })

  const node = createServer(TIMEOUTS)
  const server = yield* NodeHttpServer.make(() => node, { host, port, gracefulShutdownTimeout: "200 millis" }).pipe(
    Effect.mapError(({ cause }) => startError(host, port, cause))
  )
  // Too many open files, say: the connection is lost, not the program.
  node.on("error", () => {})
  // Runs after the time for a graceful end: whoever still holds a connection loses it.
  yield* Effect.addFinalizer(() => Effect.sync(() => node.closeAllConnections()))
  yield* server.serve(answer).pipe(Effect.provideService(HttpMiddleware.TracerDisabledWhen, () => true))
  yield* Effect.logInfo("Health and metrics are served").pipe(Effect.annotateLogs({ host, port }))
})

export const layer: Layer.Layer<never, OpsServerError, AppConfig | Health> = Layer.effectDiscard(
  Effect.gen(function* () {
    const { http } = yield* AppConfig
    if (http.port !== 0) yield* serve(http.host, http.port)
  })
).pipe(Layer.provide(MetricsPage.layer))
