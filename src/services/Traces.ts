/**
 * What traces are made of. There are three lives, a trace each: a batch from its first frame to the broker's answer, a
 * connection from its opening to its end, a gap from its detection to its filling. A span is sent when it ends: so the root of
 * a life ends as soon as it is clear what it is, and what follows are children of it: a trace is found while it lasts.
 *
 * Only batches are many: `OTEL_TRACES_SAMPLER_ARG` is the share of them that is traced; the others always are.
 */
import { Clock, Context, Effect, Exit, Option, Tracer } from "effect"

/** The roots of the lives. */
export const BATCH = "batch"
export const CONNECTION = "connection"
export const GAP = "gap"
/** Kafka's topics are looked at, what an earlier run has left is read, what is left at the end is stored. */
export const START = "start"
export const RESUME = "resume"
export const STOP = "stop"

/** Traces that are few: each is recorded. */
export const FEW: ReadonlySet<string> = new Set([CONNECTION, GAP, START, RESUME, STOP])

export type Attributes = Readonly<Record<string, unknown>>

interface More {
  readonly attributes?: Attributes
  readonly kind?: Tracer.SpanKind
  readonly links?: ReadonlyArray<Tracer.AnySpan>
  readonly exit?: Exit.Exit<unknown, unknown>
  /** Now, if not said otherwise. */
  readonly to?: bigint
}

const MOMENT = 1000n

/** Writes spans down with times that have passed. */
export interface Recorder {
  /** Ns since 1970. */
  readonly now: () => bigint
  /** A span without a parent, which began at `from`; its attributes are only worth making if it is sampled. */
  readonly root: (name: string, from: bigint, kind: Tracer.SpanKind) => Tracer.Span
  /** A span below another one, if that is sampled: from then until now. */
  readonly stage: (of: Tracer.AnySpan, name: string, from: bigint, more?: More) => void
}

export const recorder: Effect.Effect<Recorder> = Effect.gen(function* () {
  const tracer = yield* Effect.tracer
  const clock = yield* Clock.Clock
  const now = () => clock.currentTimeNanosUnsafe()
  const begin = (
    name: string,
    parent: Option.Option<Tracer.AnySpan>,
    startTime: bigint,
    { kind = "internal", links = [] }: More
  ) =>
    tracer.span({
      name,
      parent,
      startTime,
      kind,
      links: links.map((span) => ({ span, attributes: {} })),
      annotations: Context.empty(),
      root: Option.isNone(parent),
      sampled: true
    })
  return {
    now,
    root: (name, from, kind) => begin(name, Option.none(), from, { kind }),
    stage: (of, name, from, more = {}) => {
      if (!of.sampled) return
      const span = begin(name, Option.some(of), from, more)
      for (const [key, value] of Object.entries(more.attributes ?? {})) span.attribute(key, value)
      const to = more.to ?? now()
      // Viewers doubt what takes no time.
      span.end(to > from ? to : from + MOMENT, more.exit ?? Exit.void)
    }
  }
})

/** Goes on with the span that the fiber is in, if it is recorded. */
export const withCurrent = <A, E, R>(use: (span: Tracer.AnySpan | undefined) => Effect.Effect<A, E, R>) =>
  Effect.withFiber(({ context }) => {
    const span = Context.getOption(context, Tracer.ParentSpan)
    return use(Option.isSome(span) && span.value.sampled ? span.value : undefined)
  })

/** In no trace: for fibers that outlive the span in which they begin. */
export const apart = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
  Effect.updateContext(effect, (context: Context.Context<never>) => Context.omit(Tracer.ParentSpan)(context))

/** W3C: https://www.w3.org/TR/trace-context/#traceparent-header */
export const traceparentOf = ({ spanId, traceId }: Tracer.AnySpan): string => `00-${traceId}-${spanId}-01`

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/

export const spanOf = (traceparent: string): Tracer.ExternalSpan | undefined => {
  const [, traceId, spanId] = TRACEPARENT.exec(traceparent) ?? []
  return traceId === undefined || spanId === undefined ? undefined : Tracer.externalSpan({ traceId, spanId })
}
