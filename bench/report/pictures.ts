/** The pictures of a run, by name; those for which nothing was measured are left out. */
import type { Measurement } from "../cells/Cell.ts"
import { number } from "./format.ts"
import { median, spread } from "./statistics.ts"
import * as Svg from "./svg.ts"

const namesOf = (some: ReadonlyArray<Measurement>) => [...new Set(some.map(({ contestant }) => contestant))]

const colour = (index: number): string => Svg.COLOURS[index % Svg.COLOURS.length] ?? "#000"

const figuresOf = (some: ReadonlyArray<Measurement>, figure: string): ReadonlyArray<number> =>
  some.flatMap(({ figures }) => figures[figure] ?? [])

/** A bar for each contestant, with a whisker from the worst round to the best. */
const bars = (title: string, some: ReadonlyArray<Measurement>, figure: string): string => {
  const names = namesOf(some)
  const spreads = names.map((name) =>
    spread(
      figuresOf(
        some.filter(({ contestant }) => contestant === name),
        figure
      )
    )
  )
  const scale = Svg.upwards(Math.max(...spreads.map(({ max }) => max)))
  const { middle, width } = Svg.places(names.length)
  const marks = names.flatMap((name, index) => {
    const { max, median, min } = spreads[index] ?? { max: 0, median: 0, min: 0 }
    const x = middle(index)
    const isWrong = some.some(({ contestant, faults }) => contestant === name && faults.length > 0)
    return [
      Svg.rectangle(x - width / 4, scale.place(median), width / 2, Svg.BASE_LINE - scale.place(median), colour(index)),
      Svg.line(x, scale.place(min), x, scale.place(max), "#000", 'stroke-width="1.5"'),
      Svg.text(x, scale.place(max) - 6, number(median), 'text-anchor="middle"'),
      Svg.text(x, Svg.BASE_LINE + (index % 2 === 0 ? 16 : 30), name, 'text-anchor="middle"'),
      ...(isWrong ? [Svg.text(x, Svg.BASE_LINE + 44, "stored it wrong", 'text-anchor="middle" fill="#d00"')] : [])
    ]
  })
  return Svg.picture(title, scale, marks)
}

/** For each rate a group, for each contestant its median and, above it, its 99th percentile. */
const latencies = (some: ReadonlyArray<Measurement>): string => {
  const names = namesOf(some)
  const rates = [...new Set(some.map(({ variant }) => variant))]
  const scale = Svg.upwardsByTens(Math.max(...figuresOf(some, "p999")))
  const { middle, width } = Svg.places(rates.length)
  const marks = rates.flatMap((rate, group) => {
    const step = (width * 0.8) / names.length
    const columns = names.flatMap((name, index) => {
      const own = some.filter(({ contestant, variant }) => contestant === name && variant === rate)
      if (own.length === 0) return []
      const x = middle(group) - width * 0.4 + step * (index + 0.5)
      const at = (figure: string) => scale.place(median(figuresOf(own, figure)))
      return [
        Svg.line(x, at("p50"), x, at("p999"), colour(index), 'stroke-width="2"'),
        ...["p50", "p99", "p999"].map((figure) =>
          Svg.line(x - step * 0.35, at(figure), x + step * 0.35, at(figure), colour(index), 'stroke-width="3"')
        )
      ]
    })
    return [...columns, Svg.text(middle(group), Svg.BASE_LINE + 18, rate, 'text-anchor="middle"')]
  })
  return Svg.picture("From the exchange to a consumer, ms: p50, p99, p99.9", scale, [...marks, ...Svg.legend(names)])
}

/** What waits to be stored, from the moment that Kafka is back. */
const drain = (some: ReadonlyArray<Measurement>): string => {
  const runs = some.flatMap(({ contestant, series = [], variant }) =>
    series.length === 0 ? [] : [{ name: `${contestant}, ${variant}`, series }]
  )
  const points = runs.flatMap(({ series }) => series)
  const scale = Svg.upwards(Math.max(...points.map(([, value]) => value)))
  const time = Svg.rightwards(Math.max(...points.map(([seconds]) => seconds)))
  const marks = [
    ...time.ticks.map((tick) => Svg.text(time.place(tick), Svg.BASE_LINE + 16, `${tick} s`, 'text-anchor="middle"')),
    ...runs.map(({ series }, index) =>
      Svg.polyline(
        series.map(([seconds, value]) => [time.place(seconds), scale.place(value)]),
        colour(index)
      )
    ),
    ...Svg.legend(runs.map(({ name }) => name))
  ]
  return Svg.picture("Messages that wait after Kafka was away for 20 s", scale, marks)
}

export const pictures = (measurements: ReadonlyArray<Measurement>): ReadonlyMap<string, string> => {
  const of = (test: (cell: string) => boolean, figure: string) =>
    measurements.filter(({ cell, figures }) => test(cell) && Number.isFinite(figures[figure]))
  const flood = of((cell) => cell === "flood", "perSecond")
  const pipeline = of((cell) => cell === "pipeline", "perSecond")
  const rates = of((cell) => cell.startsWith("rate-"), "p999")
  const outage = of((cell) => cell === "outage", "drainRatio")
  return new Map([
    ...(flood.length > 0 ? [["flood", bars("Flood: messages a second in Kafka", flood, "perSecond")] as const] : []),
    ...(flood.length > 0 ? [["flood-cpu", bars("Flood: CPU µs a message", flood, "cpuMicros")] as const] : []),
    ...(pipeline.length > 0
      ? [["pipeline", bars("Without Kafka: messages a second", pipeline, "perSecond")] as const]
      : []),
    ...(rates.length > 0 ? [["latency", latencies(rates)] as const] : []),
    ...(outage.length > 0 ? [["drain", drain(outage)] as const] : [])
  ])
}
