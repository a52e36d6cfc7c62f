/** All metrics in Prometheus's text format, also those that nothing has touched. */
import { Effect, Layer, Metric } from "effect"
import { PrometheusMetrics } from "effect/observability"
import type { Health } from "../services/Health.ts"
import * as Telemetry from "../services/Telemetry.ts"
import * as HealthMetrics from "./HealthMetrics.ts"
import * as ProcessMetrics from "./ProcessMetrics.ts"

export const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

/** Asked for once, a metric is listed from the start; which labels there will be its owner knows. */
const listed = Effect.forEach(
  Object.values<Metric.Metric<never, unknown> & { readonly labels: object }>(Telemetry).filter(
    ({ labels }) => Object.keys(labels).length === 0
  ),
  Metric.value,
  { discard: true }
)

/** What is asked for whenever the metrics are read, and the rest at its beginning. */
export const layer: Layer.Layer<never, never, Health> = Layer.mergeAll(
  Layer.effectDiscard(listed),
  HealthMetrics.layer,
  ProcessMetrics.layer
)

export const text = PrometheusMetrics.format()
