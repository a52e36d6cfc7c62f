/** A tracer that keeps its spans for a test to look at. */
import { Effect, Layer, Option, Tracer } from "effect"

/** `samples`: which roots are recorded; a span below another one goes with it. */
export const make = (samples: (name: string) => boolean = () => true) => {
  const spans: Array<Tracer.NativeSpan> = []
  const tracer = Tracer.make({
    span: (options) => {
      const sampled = Option.match(options.parent, {
        onNone: () => samples(options.name),
        onSome: (parent) => parent.sampled
      })
      const span = new Tracer.NativeSpan({ ...options, sampled })
      spans.push(span)
      return span
    }
  })
  const ended = ({ status }: Tracer.Span) => (status._tag === "Ended" ? status : undefined)
  return {
    layer: Layer.succeed(Tracer.Tracer, tracer),
    spans,
    names: () => spans.map(({ name }) => name),
    named: (name: string) => {
      const span = spans.find((one) => one.name === name)
      if (span === undefined) throw new Error(`there is no span ${name}`)
      return span
    },
    /** Names, and when each began and ended, ms. */
    times: () =>
      spans.map((span) => [
        span.name,
        Number(span.startTime) / 1e6,
        Math.floor(Number(ended(span)?.endTime ?? Number.NaN) / 1e6)
      ]),
    failed: (span: Tracer.Span) => ended(span)?.exit._tag === "Failure",
    attributes: (span: Tracer.Span) => Object.fromEntries(span.attributes)
  }
}

export const parentOf = (span: Tracer.Span) => Option.getOrUndefined(span.parent)?.spanId

/** For what asks the tracer when it is made. */
export const within =
  (kept: ReturnType<typeof make>) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.provide(effect, kept.layer)
