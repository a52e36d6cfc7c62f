/** How far a reading is, on stderr: a live line on a terminal, a line every 10 s elsewhere. */
import process from "node:process"
import { Clock, Effect, Schedule } from "effect"

const CLEAR_LINE = "\r\u001b[2K"
const LIVE_MS = 250
const PLAIN_MS = 10_000

export interface Progress {
  readonly update: (read: number, total: number) => void
  /** Shows it while the effect runs. */
  readonly during: <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
}

export const silent: Progress = { update: () => {}, during: (effect) => effect }

export const make = (out: Pick<typeof process.stderr, "write" | "isTTY"> = process.stderr): Progress => {
  let read = 0
  let total = 0

  const during: Progress["during"] = (effect) =>
    Effect.gen(function* () {
      const started = yield* Clock.currentTimeMillis
      const period = out.isTTY ? LIVE_MS : PLAIN_MS
      const show = Effect.gen(function* () {
        const seconds = ((yield* Clock.currentTimeMillis) - started) / 1000
        const share = total === 0 ? 0 : Math.floor((100 * read) / total)
        const line = `reading: ${read} records, ${share} %, ${Math.round(read / seconds)}/s`
        out.write(out.isTTY ? `${CLEAR_LINE}${line}` : `${line}\n`)
      })
      yield* Effect.forkScoped(Effect.repeat(Effect.delay(show, period), Schedule.forever))
      return yield* effect
    }).pipe(Effect.scoped, Effect.ensuring(Effect.sync(() => (out.isTTY ? out.write(CLEAR_LINE) : true))))

  return {
    update: (now, all) => {
      read = now
      total = all
    },
    during
  }
}
