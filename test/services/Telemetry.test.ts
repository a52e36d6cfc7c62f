import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { file, groups, render } from "../../scripts/metrics.ts"
import * as Telemetry from "../../src/services/Telemetry.ts"

const metrics = groups.flatMap((group) => Object.values(group.metrics))

describe("the metrics", () => {
  it("are documented, all of them", () => {
    const documented = new Set(metrics.map(({ id }) => id))
    for (const { id } of Object.values(Telemetry)) assert.isTrue(documented.has(id), id)
    assert.strictEqual(documented.size, metrics.length)
  })

  it("have a current document: if not, run node scripts/metrics.ts", () => {
    assert.strictEqual(readFileSync(file, "utf8"), render())
  })

  it.each(metrics.map((metric) => [metric.id, metric] as const))("%s is named by the conventions", (id, metric) => {
    assert.match(id, /^(binance_kafka|process|nodejs)(_[a-z]+)+$/)
    assert.strictEqual(id.endsWith("_total"), metric.type === "Counter")
    assert.isNotEmpty(metric.description)
    if (metric.type === "Histogram") assert.match(id, /_(seconds|records)$/)
  })
})
