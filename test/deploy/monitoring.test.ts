/** The alert rules and the dashboard, held to the metrics that there are. */
import { existsSync, globSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { groups } from "../../scripts/metrics.ts"

const root = new URL("../../", import.meta.url)
const read = (file: string) => readFileSync(new URL(file, root), "utf8")

const declared = new Map(groups.flatMap((group) => Object.values(group.metrics)).map((metric) => [metric.id, metric]))

const SELECTOR = /\b((?:binance_kafka|process|nodejs)_[a-z_]+)(?:\{([^}]*)\})?/g
/** Prometheus's own, and those that a scrape adds. */
const OTHERS = ["instance", "job", "le", "alertname", "alertstate", "shard"]

/** A series' metric: a histogram's has endings. */
const metricOf = (series: string) => {
  const base = declared.get(series.replace(/_(?:bucket|sum|count)$/, ""))
  return base?.type === "Histogram" ? base : declared.get(series)
}

/** What an expression names that there is not. */
const strangers = (expression: string): ReadonlyArray<string> => {
  const known = new Set(OTHERS)
  const unknown: Array<string> = []
  for (const [, series = "", matchers = ""] of expression.matchAll(SELECTOR)) {
    const metric = metricOf(series)
    if (metric === undefined || (metric.type === "Histogram" && metric.id === series)) unknown.push(series)
    const labels = new Set([...OTHERS, ...Object.keys(metric?.labels ?? {})])
    for (const label of labels) known.add(label)
    for (const [, label = ""] of matchers.matchAll(/(\w+)\s*(?:=|!)/g)) {
      if (!labels.has(label)) unknown.push(`${series}{${label}}`)
    }
  }
  for (const [, names = ""] of expression.matchAll(/\bby \(([^)]*)\)/g)) {
    for (const name of names.split(",")) if (!known.has(name.trim())) unknown.push(`by (${name.trim()})`)
  }
  return unknown
}

const rules = read("deploy/prometheus/rules.yml")
const alerts = rules
  .split(/^ {6}- alert: /m)
  .slice(1)
  .map((text) => ({
    name: /^\w+/.exec(text)?.[0] ?? "",
    expression: /^ {8}expr: (.+)$/m.exec(text)?.[1] ?? "",
    text
  }))

const Target = Schema.Struct({ expr: Schema.String, legendFormat: Schema.String })
const Dashboard = Schema.Struct({
  uid: Schema.String,
  panels: Schema.Array(
    Schema.Struct({
      id: Schema.Int,
      title: Schema.NonEmptyString,
      gridPos: Schema.Struct({ x: Schema.Int, y: Schema.Int, w: Schema.Int, h: Schema.Int }),
      targets: Schema.optionalKey(Schema.Array(Target))
    })
  ),
  templating: Schema.Struct({ list: Schema.Array(Schema.Struct({ name: Schema.String })) })
})
const dashboardText = read("deploy/grafana/dashboards/connector.json")
const dashboard = Schema.decodeSync(Schema.fromJsonString(Dashboard))(dashboardText)
const targets = dashboard.panels.flatMap(({ targets = [], title }) => targets.map((one) => ({ ...one, title })))

describe("what is told from strangers", () => {
  it.each([
    ["rate(binance_kafka_frames_received_total[5m])", []],
    ["rate(binance_kafka_frames_total[5m])", ["binance_kafka_frames_total"]],
    ["binance_kafka_end_to_end_seconds_bucket", []],
    ["binance_kafka_end_to_end_seconds", ["binance_kafka_end_to_end_seconds"]],
    ["binance_kafka_ready_count", ["binance_kafka_ready_count"]],
    ['binance_kafka_reconnects_total{kind="a"}', ["binance_kafka_reconnects_total{kind}"]],
    ["sum by (reason) (binance_kafka_ready)", ["by (reason)"]]
  ])("%s: %s", (expression, expected) => {
    assert.deepStrictEqual(strangers(expression), expected)
  })
})

describe("the alert rules", () => {
  it("are there for what an operator has to know", () => {
    const needed = ["StreamStale", "GapOpen", "KafkaAway", "SpoolGrowing", "DeadLettersRising", "ConnectorDown"]
    assert.includeMembers(
      alerts.map(({ name }) => name),
      needed
    )
  })

  it.each(alerts.map((alert) => [alert.name, alert] as const))(
    "%s asks for what there is, and leads on",
    (name, alert) => {
      assert.deepStrictEqual(strangers(alert.expression), [])
      assert.match(alert.text, /^ {10}severity: (critical|warning)$/m)
      assert.match(alert.text, /^ {10}summary: \S/m)
      assert.match(alert.text, /^ {10}description: \S/m)
      assert.include(alert.text, `\n          runbook_url: docs/operations.md#${name.toLowerCase()}\n`)
      // Run by promtool: see prometheus.ops.test.ts.
      assert.include(read("deploy/prometheus/rules.test.yml"), `labels: '{alertname="${name}"}'`)
    }
  )

  it.skipIf(!existsSync(new URL("docs/operations.md", root)))("have a place each in the runbook", () => {
    const runbook = read("docs/operations.md")
    for (const { name } of alerts) assert.match(runbook, new RegExp(`^### ${name}$`, "m"))
  })

  it("are tested with series that there are", () => {
    assert.deepStrictEqual(strangers(read("deploy/prometheus/rules.test.yml")), [])
  })
})

describe("the dashboard", () => {
  it.each(targets.map(({ expr, title }) => [title, expr] as const))("%s: %s", (_, expression) => {
    assert.deepStrictEqual(strangers(expression), [])
    for (const [, variable = ""] of expression.matchAll(/\$(\w+)/g)) {
      const variables = [...dashboard.templating.list.map(({ name }) => name), "__rate_interval"]
      assert.include(variables, variable)
    }
  })

  it("names in its legends labels that its queries leave", () => {
    for (const { expr, legendFormat } of targets) {
      for (const [, label = ""] of legendFormat.matchAll(/\{\{(\w+)\}\}/g)) {
        assert.match(expr, new RegExp(`by \\([^)]*\\b${label}\\b`))
      }
    }
  })

  it("has a place of its own for every panel", () => {
    const taken = new Set<string>()
    for (const { gridPos, title } of dashboard.panels) {
      assert.isAtMost(gridPos.x + gridPos.w, 24, title)
      for (let x = gridPos.x; x < gridPos.x + gridPos.w; x++) {
        for (let y = gridPos.y; y < gridPos.y + gridPos.h; y++) {
          assert.isFalse(taken.has(`${x} ${y}`), title)
          taken.add(`${x} ${y}`)
        }
      }
    }
    assert.strictEqual(new Set(dashboard.panels.map(({ id }) => id)).size, dashboard.panels.length)
  })

  it("shows every metric but those of single streams", () => {
    const shown = new Set(
      targets.flatMap(({ expr }) => [...expr.matchAll(SELECTOR)].map(([, series = ""]) => metricOf(series)?.id))
    )
    const absent = [...declared.keys()].filter((id) => !shown.has(id) && !id.startsWith("binance_kafka_stream_"))
    assert.deepStrictEqual(absent, ["binance_kafka_received_bytes_total", "nodejs_heap_size_total_bytes"])
  })
})

describe("the provisioning", () => {
  it("leads from Compose to each other", () => {
    const compose = read("docker-compose.yml")
    assert.include(read("deploy/prometheus/prometheus.yml"), "targets: [binance-connector:8080]")
    assert.include(read("deploy/grafana/provisioning/datasources/prometheus.yml"), "url: http://prometheus:9090")
    const [provider = ""] = globSync("deploy/grafana/provisioning/dashboards/*.yml", { cwd: root.pathname })
    const path = /path: (\S+)/.exec(read(provider))?.[1] ?? "none"
    assert.include(compose, `./deploy/grafana/dashboards:${path}:ro`)
  })
})
