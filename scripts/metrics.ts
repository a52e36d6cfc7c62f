/** Writes `docs/metrics.md` from the metrics' declarations: `node scripts/metrics.ts`. */
import { writeFileSync } from "node:fs"
import type { Metric } from "effect"
import type { Declared } from "../src/services/telemetry/declare.ts"
import * as delivery from "../src/services/telemetry/delivery.ts"
import * as feed from "../src/services/telemetry/feed.ts"
import * as group from "../src/services/telemetry/group.ts"
import * as processMetrics from "../src/services/telemetry/process.ts"
import * as program from "../src/services/telemetry/program.ts"
import * as sequence from "../src/services/telemetry/sequence.ts"
import * as spool from "../src/services/telemetry/spool.ts"
import * as streams from "../src/services/telemetry/streams.ts"

type AnyMetric = Declared<Metric.Metric<never, unknown>>

interface Group {
  readonly title: string
  readonly text?: string
  readonly metrics: Readonly<Record<string, AnyMetric>>
}

export const groups: ReadonlyArray<Group> = [
  { title: "Program", metrics: program },
  { title: "Connections", metrics: feed },
  { title: "Events", metrics: sequence },
  {
    title: "Delivery",
    text:
      "The stages add up to the whole, but for what waited in the spool: the exchange's event time → receipt (network, and how " +
      "far the two clocks differ) → the sink takes it (decoding, order, batching) → acknowledgement (the broker). Records from the " +
      "exchange's history count in none but the last.",
    metrics: delivery
  },
  { title: "Spool", metrics: spool },
  {
    title: "Several processes",
    text: "With `GROUP_ID`. What belongs to one shard has the label `shard` as well.",
    metrics: group
  },
  {
    title: "Streams",
    text: "Only with `METRICS_PER_STREAM=true`: with thousands of streams they are many series for little use.",
    metrics: streams
  },
  { title: "Process", text: "As other programs for Prometheus name them.", metrics: processMetrics }
]

const row = (...cells: ReadonlyArray<string>): string => `| ${cells.join(" | ")} |`

const labelsOf = ({ labels }: AnyMetric): string =>
  Object.entries(labels)
    .map(([name, meaning]) => `\`${name}\`: ${meaning}`)
    .join("; ")

const section = ({ metrics, text, title }: Group): string => {
  const sorted = Object.values(metrics).toSorted((one, other) => (one.id < other.id ? -1 : 1))
  const rows = sorted.map((metric) =>
    row(`\`${metric.id}\``, metric.type.toLowerCase(), metric.description ?? "", labelsOf(metric))
  )
  return [
    `\n## ${title}\n`,
    ...(text === undefined ? [] : [`${text}\n`]),
    row("Metric", "Type", "", "Labels"),
    "|---|---|---|---|",
    ...rows,
    ""
  ].join("\n")
}

export const file = new URL("../docs/metrics.md", import.meta.url)

export const render = (): string => `# Metrics

Served in Prometheus's text format at \`/metrics\` of \`HTTP_PORT\`, and sent by OTLP over HTTP to
\`OTEL_EXPORTER_OTLP_METRICS_ENDPOINT\` where that is set. Times are in seconds, sizes in bytes, and counters, which end in \`_total\`,
begin with the process. Alerts on them: [deploy/prometheus/rules.yml](../deploy/prometheus/rules.yml); a dashboard:
[deploy/grafana](../deploy/grafana).

A histogram \`x\` is the series \`x_bucket\` (label \`le\`), \`x_sum\` and \`x_count\`: \`histogram_quantile(0.99,
sum by (le) (rate(x_bucket[5m])))\` is its 99th percentile. Labels have few values: kinds of streams, connections, reasons.

This page is written by \`node scripts/metrics.ts\`.
${groups.map(section).join("")}`

if (import.meta.main) writeFileSync(file, render())
