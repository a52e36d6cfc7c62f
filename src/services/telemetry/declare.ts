/** How a metric is declared: with its help and with what its labels mean, so that `docs/metrics.md` follows from it. */
import { Metric } from "effect"

/** By name: what it says. */
export type Labels = Readonly<Record<string, string>>

export type Declared<M extends Metric.Metric<never, unknown>> = M & { readonly labels: Labels }

export const counter = (id: string, description: string, labels: Labels = {}): Declared<Metric.Counter<number>> =>
  Object.assign(Metric.counter(id, { description, incremental: true }), { labels })

export const gauge = (id: string, description: string, labels: Labels = {}): Declared<Metric.Gauge<number>> =>
  Object.assign(Metric.gauge(id, { description }), { labels })

export const histogram = (
  id: string,
  description: string,
  boundaries: ReadonlyArray<number>
): Declared<Metric.Histogram<number>> =>
  Object.assign(Metric.histogram(id, { description, boundaries }), { labels: {} })
