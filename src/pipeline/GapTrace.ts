/**
 * The trace of a gap: from its detection until the history is asked, a `page` each time that it is, `opened` where live goes on
 * beyond it, and `filled`, over the whole time. What the log says of the gap carries the trace's id.
 */
import { Effect, Exit, Option, Tracer } from "effect"
import { AppConfig } from "../services/AppConfig.ts"
import type { Page } from "../services/MarketHistory.ts"
import * as Traces from "../services/Traces.ts"
import type { Request, Sequencer } from "./Sequencer.ts"

/** More are counted only: a day takes thousands. */
const MOST_PAGES = 100

export interface GapTrace {
  /** Asks for a page of what is missing; the first one begins the trace. */
  readonly page: <E, R>(request: Request, ask: Effect.Effect<Page, E, R>) => Effect.Effect<Page, E, R>
  /** Sees what is filled. */
  readonly look: () => void
  /** Runs what is about a stream's last gap in its trace. */
  readonly within: (stream: string) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

const off: GapTrace = { page: (_, ask) => ask, look: () => {}, within: () => (effect) => effect }

interface Gap {
  readonly root: Tracer.Span
  readonly detectedAt: bigint
  isLate: boolean
  isOpen: boolean
  pages: number
  events: number
}

export const make = Effect.fnUntraced(function* (sequencer: Pick<Sequencer, "holes" | "gaps">) {
  const { otel } = yield* AppConfig
  if (Option.isNone(otel.endpoint)) return off
  const recorder = yield* Traces.recorder
  /** Each stream's last one. */
  const gaps = new Map<string, Gap>()
  let open = 0

  const begin = ({ first, last, late, missingFor, stream }: Request): Gap => {
    const detectedAt = recorder.now() - BigInt(Math.round(missingFor)) * 1_000_000n
    const root = recorder.root(Traces.GAP, detectedAt, "internal")
    const attributes = {
      "binance.stream": stream.name,
      "binance.from": first,
      "binance.to": last,
      "binance.late": late
    }
    for (const [key, value] of Object.entries(attributes)) root.attribute(key, value)
    root.end(recorder.now(), Exit.void)
    const gap = { root, detectedAt, isLate: late, isOpen: true, pages: 0, events: 0 }
    gaps.set(stream.name, gap)
    open++
    return gap
  }

  const gapOf = (request: Request): Gap => {
    const known = gaps.get(request.stream.name)
    const gap = known?.isOpen === true ? known : begin(request)
    if (request.late && !gap.isLate) {
      gap.isLate = true
      recorder.stage(gap.root, "opened", recorder.now())
    }
    return gap
  }

  const trace: GapTrace = {
    page: (request, ask) =>
      Effect.suspend(() => {
        const gap = gapOf(request)
        gap.pages++
        const counted = Effect.tap(ask, ({ events }) => Effect.sync(() => void (gap.events += events.length)))
        if (gap.pages > MOST_PAGES) return counted
        return counted.pipe(
          Effect.tap(({ events, voids }) =>
            Effect.annotateCurrentSpan({ "binance.events": events.length, "binance.voids": voids.length })
          ),
          Effect.withSpan("page", {
            parent: gap.root,
            attributes: {
              "binance.stream": request.stream.name,
              "binance.from": request.first,
              "binance.limit": request.limit
            }
          })
        )
      }),
    look: () => {
      if (open === 0) return
      const missing = new Set([...sequencer.holes(), ...sequencer.gaps()].map(({ stream }) => stream.name))
      for (const [stream, gap] of gaps) {
        if (!gap.isOpen || missing.has(stream)) continue
        gap.isOpen = false
        open--
        recorder.stage(gap.root, "filled", gap.detectedAt, {
          attributes: { "binance.stream": stream, "binance.pages": gap.pages, "binance.events": gap.events }
        })
      }
    },
    within: (stream) => {
      const root = gaps.get(stream)?.root
      return (effect) => (root === undefined ? effect : Effect.provideService(effect, Tracer.ParentSpan, root))
    }
  }
  return trace
})
