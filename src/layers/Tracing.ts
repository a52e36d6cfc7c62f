/**
 * Spans to an OpenTelemetry collector over OTLP/HTTP, if one is named. A collector that cannot be reached costs one warning
 * and the spans: neither time nor the program's end.
 */
import { Effect, Layer, Option, References } from "effect"
import { AppConfig } from "../services/AppConfig.ts"
import * as Logging from "./Logging.ts"

export const layer: Layer.Layer<never, never, AppConfig> = Layer.unwrap(
  Effect.gen(function* () {
    const { endpoint, ratio, serviceName } = (yield* AppConfig).otel
    if (Option.isNone(endpoint)) return Layer.succeed(References.TracerEnabled, false)
    // Loading the SDK is a good part of a start: only who traces waits for it.
    const collector = yield* Effect.promise(() => import("./otel/collector.ts"))
    return collector.layer(endpoint.value, serviceName, ratio)
  })
).pipe(Layer.provide(Logging.layer))
