/** Effect's own exporter of metrics, set up for one collector: `layers/MetricsExport` imports it only when it is wanted. */
import { NodeHttpClient } from "@effect/platform-node"
import { type Duration, Effect, Layer } from "effect"
import { HttpClient } from "effect/http"
import { OtlpExporter, OtlpMetrics, OtlpSerialization } from "effect/observability"

/** The last ones go out at the program's end, within this. */
const SHUTDOWN_TIMEOUT = "1 second"

const ANSWER_TIMEOUT = "5 seconds"

export interface Options {
  readonly endpoint: URL
  readonly interval: Duration.Duration
  readonly serviceName: string
}

/** Warns once of requests that fail: the exporter itself keeps quiet and goes on. */
const warning = ({ origin }: URL) =>
  Layer.effect(
    HttpClient.HttpClient,
    Effect.gen(function* () {
      const client = yield* HttpClient.HttpClient
      const context = yield* Effect.context()
      let warned = false
      const warn = (reason: string) =>
        Effect.suspend(() => {
          if (warned) return Effect.void
          warned = true
          return Effect.logWarning(
            "Metrics do not reach the collector of OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: trying again"
          ).pipe(Effect.annotateLogs({ endpoint: origin, reason }), Effect.provideContext(context))
        })
      return client.pipe(
        HttpClient.transformResponse((answer) =>
          answer.pipe(
            Effect.timeoutOrElse({
              duration: ANSWER_TIMEOUT,
              orElse: () => Effect.andThen(warn("it does not answer"), Effect.interrupt)
            }),
            Effect.tap(({ status }) => (status < 300 ? Effect.void : warn(`HTTP ${status}`))),
            Effect.tapError(({ message }) => warn(message))
          )
        )
      )
    })
  ).pipe(Layer.provide(NodeHttpClient.layerNodeHttp))

export const layer = ({ endpoint, interval, serviceName }: Options): Layer.Layer<never> =>
  Layer.effectDiscard(
    OtlpMetrics.make({
      url: endpoint.href,
      resource: { serviceName },
      exportInterval: interval,
      shutdownTimeout: SHUTDOWN_TIMEOUT
    })
  ).pipe(Layer.provide([warning(endpoint), OtlpExporter.layerFlusher, OtlpSerialization.layerJson]))
