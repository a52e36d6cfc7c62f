/**
 * Metrics that plain code counts into, and such as are read when somebody looks at them: for what is counted once a record,
 * where an Effect would cost more than the work. They are listed for as long as their scope is open.
 */
import { Effect, Metric } from "effect"

const nothing = () => {}

const registered = Effect.fnUntraced(function* <Input, State>(metric: Metric.Metric<Input, State>, get: () => State) {
  const context = yield* Effect.context<never>()
  yield* Effect.acquireRelease(
    Effect.sync(() => Metric.registerUnsafe(metric, context, { get, update: nothing, modify: nothing })),
    (registration) => Effect.sync(() => registration.remove())
  )
})

/** Asked for its value whenever the metrics are read. */
export const gauge = (metric: Metric.Gauge<number>, read: () => number) => registered(metric, () => ({ value: read() }))

/** The same for a counter whose total somebody else keeps. */
export const total = (metric: Metric.Counter<number>, read: () => number) =>
  registered(metric, () => ({ count: read(), incremental: true }))

/** Adds to it. */
export const counter = Effect.fnUntraced(function* (metric: Metric.Counter<number>) {
  let count = 0
  yield* total(metric, () => count)
  return (amount: number): void => {
    count += amount
  }
})

/** Counts a value into it; one below 0 is 0. */
export const histogram = Effect.fnUntraced(function* (metric: Metric.Histogram<number>) {
  const bounds = Float64Array.from((yield* Metric.value(metric)).buckets, ([bound]) => bound)
  const counts = new Float64Array(bounds.length + 1)
  let count = 0
  let sum = 0
  let min = Number.MAX_VALUE
  let max = -Number.MAX_VALUE
  yield* registered(metric, () => {
    let upTo = 0
    const buckets = Array.from(bounds, (bound, at): [number, number] => [bound, (upTo += counts[at] ?? 0)])
    return { buckets, count, sum, min, max }
  })
  return (value: number): void => {
    const observed = value > 0 ? value : 0
    let at = 0
    while (at < bounds.length && observed > (bounds[at] ?? 0)) at++
    counts[at] = (counts[at] ?? 0) + 1
    count++
    sum += observed
    if (observed < min) min = observed
    if (observed > max) max = observed
  }
})
