/** Which traces are recorded: batches, which were chosen before they began, and those that are few; of whatever else comes often a share. */
import {
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler
} from "@opentelemetry/sdk-trace-base"
import { BATCH, FEW } from "../../services/Traces.ts"

/** Whoever begins one of these wants it recorded. */
const WANTED = new Set([...FEW, BATCH])

/** `ratio`: from 0 to 1. A span below another one goes with it. */
export const make = (ratio: number): Sampler => {
  const all = new AlwaysOnSampler()
  const some = new TraceIdRatioBasedSampler(ratio)
  const root: Sampler = {
    shouldSample: (context, traceId, name) =>
      WANTED.has(name) ? all.shouldSample() : some.shouldSample(context, traceId),
    toString: () => `all of ${[...WANTED].join(", ")}; else ${some.toString()}`
  }
  return new ParentBasedSampler({ root })
}
