/**
 * Tells people what is missing: a warning when a hole or a gap appears, with how much, a line when it is filled, with the
 * time it took; counters, and what the probes say. Many at once are told together.
 */
import { Clock, Duration, Effect, Metric } from "effect"
import { Continuity } from "../schema/Continuity.ts"
import type { StreamName } from "../schema/StreamName.ts"
import { Health } from "../services/Health.ts"
import { Status } from "../services/Status.ts"
import * as Telemetry from "../services/Telemetry.ts"
import type { Statement } from "./ContinuityRecord.ts"
import { UNFETCHABLE } from "./sequence/contract.ts"
import type { GapTrace } from "./GapTrace.ts"
import type { Gap, Ordered, Sequencer } from "./Sequencer.ts"
import { wholeSecond } from "./wholeSecond.ts"

/** More than so many in one look are told in one line. */
const MOST_LINES = 5

type Subject = "hole" | "gap"

interface Open {
  readonly since: number
  readonly subject: Subject
}

const amountOf = ({ first, last, stream }: Gap): Record<string, string | number> =>
  stream.kind.sequence === "times"
    ? { from: new Date(first).toISOString(), to: new Date(last).toISOString() }
    : { from: first, to: last, ids: last - first + 1 }

const APPEARED: Record<Subject, string> = {
  hole: "Events are missing: fetching them from the exchange's history",
  gap: "A gap is open: what is live goes on beyond it, what is missing follows late"
}
const FILLED: Record<Subject, string> = {
  hole: "What was missing is there",
  gap: "An open gap is filled"
}

/** What the log says of single notes; the rest is told by what is open. */
const NOTED: Partial<Record<Statement["type"], string>> = {
  "gap-confirmed": "The exchange's history has no such ids either: they are not asked for again",
  "sequence-reset": "The exchange counts a stream's ids anew"
}

/** Nobody will fill it. */
const isLost = ({ reason, type }: Pick<Statement, "reason" | "type">): boolean =>
  type === "gap-opened" && reason === UNFETCHABLE

/** Candles are missing by time, not by number. */
const idsOf = ({ first, last, stream }: Gap): number => (stream.kind.sequence === "ids" ? last - first + 1 : 0)

const written = (type: Statement["type"]) => Metric.withAttributes(Telemetry.continuity, { type })

export const make = Effect.gen(function* () {
  const health = yield* Health
  const status = yield* Status
  // Listed from the start: the first gap has to be a step that an alert can see.
  yield* Effect.forEach(Continuity.fields.type.literals, (type) => Metric.value(written(type)), { discard: true })
  const open = new Map<string, Open>()
  /** What the live page says to be open, by stream. */
  let shown = new Map<string, number>()

  const show = (gaps: ReadonlyArray<Gap>) => {
    const counts = new Map<string, number>()
    for (const { stream } of gaps) counts.set(stream.name, (counts.get(stream.name) ?? 0) + 1)
    for (const name of shown.keys()) status.stream(name).gapsOpen = 0
    for (const [name, count] of counts) status.stream(name).gapsOpen = count
    shown = counts
  }

  const tell = (notes: ReadonlyArray<Statement>, at: number) => {
    for (const note of notes) {
      if (note.type === "gap-filled") status.stream(note.stream).gapsFilled++
      else if (isLost(note)) status.stream(note.stream).gapsLost++
    }
    status.continuity(
      notes.map(({ from, late, reason, stream, to, type }) => ({ at, type, stream, from, to, reason, late }))
    )
  }

  const lines = Effect.fnUntraced(function* (
    log: (message: string) => Effect.Effect<void>,
    message: string,
    told: ReadonlyArray<Record<string, string | number>>,
    within: GapTrace["within"]
  ) {
    if (told.length > MOST_LINES) {
      const names = told.slice(0, MOST_LINES).map(({ stream }) => stream)
      return yield* log(message).pipe(Effect.annotateLogs({ streams: told.length, names: names.join(", ") }))
    }
    for (const fields of told) {
      yield* log(message).pipe(Effect.annotateLogs(fields), within(String(fields["stream"])))
    }
  })

  /** Compares what is open with what was. */
  const look = Effect.fnUntraced(function* (subject: Subject, gaps: ReadonlyArray<Gap>, within: GapTrace["within"]) {
    const now = yield* Clock.currentTimeMillis
    const current = new Map(gaps.map((gap) => [`${subject} ${gap.stream.name}`, gap]))
    const appeared = Array.from(current).filter(([name]) => !open.has(name))
    for (const [name, gap] of appeared) {
      open.set(name, { since: now, subject })
      yield* health.trouble(gap.stream.name, subject === "gap" ? "a gap is open" : "events are missing")
    }
    const filled = Array.from(open).filter(([name, { subject: other }]) => other === subject && !current.has(name))
    for (const [name] of filled) {
      open.delete(name)
      const stream = name.slice(subject.length + 1)
      if (!open.has(`hole ${stream}`) && !open.has(`gap ${stream}`)) yield* health.trouble(stream, undefined)
    }
    yield* lines(
      Effect.logWarning,
      APPEARED[subject],
      appeared.map(([, gap]) => ({ stream: gap.stream.name, ...amountOf(gap) })),
      within
    )
    yield* lines(
      Effect.logInfo,
      FILLED[subject],
      filled.map(([name, { since }]) => ({
        stream: name.slice(subject.length + 1),
        after: Duration.format(Duration.millis(Math.max(0, now - since)))
      })),
      within
    )
  })

  return {
    /** Counts what was ordered, and tells what is not told by what is open. */
    ordered: Effect.fnUntraced(function* ({ duplicates, events, notes }: Ordered) {
      if (duplicates > 0) yield* Metric.update(Telemetry.duplicates, duplicates)
      const backfilled = events.reduce((sum, event) => sum + (event.backfilled === true ? 1 : 0), 0)
      if (backfilled > 0) yield* Metric.update(Telemetry.backfilled, backfilled)
      if (notes.length > 0) tell(notes, yield* Clock.currentTimeMillis)
      for (const { from, reason, stream, to, type } of notes) {
        yield* Metric.update(written(type), 1)
        const message = NOTED[type]
        if (message !== undefined)
          yield* Effect.logWarning(message).pipe(Effect.annotateLogs({ stream, from, to, reason }))
        // Nobody will fill it: it is told now or never.
        else if (isLost({ reason, type })) {
          yield* Effect.logWarning("Events are missing and cannot be fetched again").pipe(
            Effect.annotateLogs({ stream, from, to, reason })
          )
        }
      }
    }),
    /** These are not ours any more: what is missing of them is neither open nor filled. */
    leave: Effect.fnUntraced(function* (streams: ReadonlyArray<StreamName>) {
      for (const { name } of streams) {
        const wasHole = open.delete(`hole ${name}`)
        if (open.delete(`gap ${name}`) || wasHole) yield* health.trouble(name, undefined)
      }
    }),
    /** Looks for ever at what is missing. */
    watch: ({ gaps, holes }: Pick<Sequencer, "holes" | "gaps">, { within }: GapTrace) =>
      Effect.suspend(() => {
        const [inPlace, opened] = [holes(), gaps()]
        const missing = [...inPlace, ...opened]
        show(missing)
        return Effect.all(
          [
            Metric.update(Telemetry.streamsIncomplete, new Set(missing.map(({ stream }) => stream)).size),
            Metric.update(Telemetry.gapsOpen, opened.length),
            Metric.update(
              Telemetry.missingIds,
              missing.reduce((sum, gap) => sum + idsOf(gap), 0)
            ),
            look("hole", inPlace, within),
            look("gap", opened, within)
          ],
          { discard: true }
        )
      }).pipe(Effect.andThen(wholeSecond), Effect.forever)
  }
})
