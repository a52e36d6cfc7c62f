/** Which traces are recorded: of batches, and of whatever else comes often, a share; those that are few, all. */
import {
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler
} from "@opentelemetry/sdk-trace-base"
import { FEW } from "../../services/Traces.ts"

/** `ratio`: from 0 to 1. A span below another one goes with it. */
export const make = (ratio: number): Sampler => {
  const all = new AlwaysOnSampler()
  const some = new TraceIdRatioBasedSampler(ratio)
  const root: Sampler = {
    shouldSample: (context, traceId, name) =>
      FEW.has(name) ? all.shouldSample() : some.shouldSample(context, traceId),
    toString: () => `all of ${[...FEW].join(", ")}; else ${some.toString()}`
  }
  return new ParentBasedSampler({ root })
}
