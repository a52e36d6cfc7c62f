/**
 * Metrics to a collector over OTLP/HTTP, if `OTEL_EXPORTER_OTLP_METRICS_ENDPOINT` names one; the general endpoint is for traces
 * alone, since Jaeger takes no others. A collector that cannot be reached costs one warning: neither time nor the program's end.
 */
import { Effect, Layer, Option } from "effect"
import { AppConfig } from "../services/AppConfig.ts"
import * as Logging from "./Logging.ts"

export const layer: Layer.Layer<never, never, AppConfig> = Layer.unwrap(
  Effect.gen(function* () {
    const { metrics, otel } = yield* AppConfig
    if (Option.isNone(metrics.endpoint)) return Layer.empty
    const exporter = yield* Effect.promise(() => import("./otel/metrics.ts"))
    return exporter.layer({
      endpoint: metrics.endpoint.value,
      interval: metrics.exportInterval,
      serviceName: otel.serviceName
    })
  })
).pipe(Layer.provide(Logging.layer))
