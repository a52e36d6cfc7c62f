import { ROOT_CONTEXT, SpanKind, trace, TraceFlags } from "@opentelemetry/api"
import { RandomIdGenerator, SamplingDecision } from "@opentelemetry/sdk-trace-base"
import { assert, describe, it } from "@effect/vitest"
import * as sampler from "../../../src/layers/otel/sampler.ts"
import { BATCH, FEW } from "../../../src/services/Traces.ts"

const ids = new RandomIdGenerator()

/** How many of 10,000 new traces that begin with this span are recorded. */
const recorded = (ratio: number, name: string, context = ROOT_CONTEXT) => {
  const one = sampler.make(ratio)
  const decisions = Array.from({ length: 10_000 }, () =>
    one.shouldSample(context, ids.generateTraceId(), name, SpanKind.INTERNAL, {}, [])
  )
  return decisions.filter(({ decision }) => decision === SamplingDecision.RECORD_AND_SAMPLED).length
}

describe("the sampler", () => {
  it("records a share of what comes often", () => {
    assert.strictEqual(recorded(0, "anything"), 0)
    assert.strictEqual(recorded(1, "anything"), 10_000)
    assert.closeTo(recorded(0.1, "anything"), 1000, 200)
  })

  it.each([...FEW, BATCH])("records every %s", (name) => {
    assert.strictEqual(recorded(0, name), 10_000)
  })

  it.each([
    [TraceFlags.SAMPLED, 0, 10_000],
    [TraceFlags.NONE, 1, 0]
  ])("lets a span go with the one above it (flags %d)", (traceFlags, ratio, count) => {
    const context = trace.setSpanContext(ROOT_CONTEXT, {
      traceId: ids.generateTraceId(),
      spanId: ids.generateSpanId(),
      traceFlags
    })
    assert.strictEqual(recorded(ratio, "anything", context), count)
  })
})
