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

/** Sum, least and greatest. */
const SUM = 0
const MIN = 1
const MAX = 2

/**
 * Counts a value into it; one below 0 is 0. What it keeps lies in typed arrays: a number with a fraction would be made anew at
 * every change of a variable.
 */
export const histogram = Effect.fnUntraced(function* (metric: Metric.Histogram<number>) {
  const bounds = Float64Array.from((yield* Metric.value(metric)).buckets, ([bound]) => bound)
  const counts = new Float64Array(bounds.length + 1)
  const totals = Float64Array.of(0, Number.MAX_VALUE, -Number.MAX_VALUE)
  yield* registered(metric, () => {
    let upTo = 0
    const buckets = Array.from(bounds, (bound, at): [number, number] => [bound, (upTo += counts[at] ?? 0)])
    const [sum = 0, min = 0, max = 0] = totals
    return { buckets, count: upTo + (counts[bounds.length] ?? 0), sum, min, max }
  })
  return (value: number): void => {
    const observed = value > 0 ? value : 0
    let at = 0
    while (at < bounds.length && observed > (bounds[at] ?? 0)) at++
    counts[at] = (counts[at] ?? 0) + 1
    totals[SUM] = (totals[SUM] ?? 0) + observed
    if (observed < (totals[MIN] ?? 0)) totals[MIN] = observed
    if (observed > (totals[MAX] ?? 0)) totals[MAX] = observed
  }
})
