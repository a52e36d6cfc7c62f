/** A line about work under way, on stderr: live on a terminal, a line every 10 s elsewhere. */
import process from "node:process"
import { Clock, Duration, Effect, Schedule } from "effect"

const CLEAR_LINE = "\r\u001b[2K"
const LIVE_MS = 250
const PLAIN_MS = 10_000

export type Out = Pick<typeof process.stderr, "write" | "isTTY">

/** `line` gets the seconds since the start. */
export const showing =
  (line: (seconds: number) => string, out: Out = process.stderr) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.gen(function* () {
      const started = yield* Clock.currentTimeMillis
      const show = Effect.gen(function* () {
        const text = line(((yield* Clock.currentTimeMillis) - started) / 1000)
        // What somebody else says begins at the left, over the line.
        out.write(out.isTTY ? `${CLEAR_LINE}${text}\r` : `${text}\n`)
      })
      const period = out.isTTY ? LIVE_MS : PLAIN_MS
      yield* Effect.forkScoped(Effect.repeat(Effect.delay(show, period), Schedule.forever))
      return yield* effect
    }).pipe(Effect.scoped, Effect.ensuring(Effect.sync(() => (out.isTTY ? out.write(CLEAR_LINE) : true))))

/** Says something in between, without tearing the line. */
export const say = (text: string, out: Out = process.stderr): void => {
  out.write(out.isTTY ? `${CLEAR_LINE}${text}\n` : `${text}\n`)
}

/** `1m 5s left`, by how much is done since the start; empty where that says nothing. */
export const timeLeft = (share: number, seconds: number): string =>
  share > 0 && share < 1
    ? `, ${Duration.format(Duration.seconds(Math.ceil((seconds * (1 - share)) / share)))} left`
    : ""
