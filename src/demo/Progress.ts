/** One live line on a terminal, a plain line now and then elsewhere: what the connector's own metrics say. */
import process from "node:process"
import { Effect, Schedule } from "effect"

const HIDE_CURSOR_LINE = "\r\u001b[2K"

export interface Counts {
  readonly received: number
  readonly stored: number
  readonly deadLetters: number
}

const sumOf = (page: string, name: string): number =>
  page
    .split("\n")
    .filter((line) => line.startsWith(name))
    .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" ") + 1)), 0)

/** What `/metrics` says now; zeros while it does not answer yet. */
export const counts = (port: number): Effect.Effect<Counts> =>
  Effect.tryPromise((signal) =>
    fetch(`http://127.0.0.1:${port}/metrics`, { signal }).then((response) => response.text())
  ).pipe(
    Effect.timeout("1 second"),
    Effect.map((page) => ({
      received: sumOf(page, "binance_kafka_frames_received_total"),
      stored: sumOf(page, "binance_kafka_records_stored_total"),
      deadLetters: sumOf(page, "binance_kafka_dead_letters_total")
    })),
    Effect.orElseSucceed(() => ({ received: 0, stored: 0, deadLetters: 0 }))
  )

/** The most that a start may take: after that it is shown what there is. */
const START_LIMIT = "20 seconds"

/** Completes when data flows. */
export const firstData = (port: number): Effect.Effect<void> =>
  counts(port).pipe(
    Effect.repeat({ until: ({ received }) => received > 0, schedule: Schedule.spaced("50 millis") }),
    Effect.timeoutOption(START_LIMIT),
    Effect.asVoid
  )

const line = (
  seconds: number,
  total: number,
  { deadLetters, received, stored }: Counts,
  last: Counts,
  period: number
) => {
  const rate = Math.round((received - last.received) / period)
  const dead = deadLetters === 0 ? "" : `, ${deadLetters} dead letters`
  return `  ${seconds.toFixed(0).padStart(3)} s of ${total} s   received ${received}   stored ${stored}   ${rate}/s${dead}`
}

/** Shows the counts for so long. */
export const show = (port: number, seconds: number): Effect.Effect<void> => {
  const live = process.stdout.isTTY
  const period = live ? 0.25 : seconds / 3
  let last: Counts = { received: 0, stored: 0, deadLetters: 0 }
  let elapsed = 0
  return Effect.sleep(`${period * 1000} millis`).pipe(
    Effect.andThen(counts(port)),
    Effect.map((now) => {
      elapsed += period
      const text = line(elapsed, seconds, now, last, period)
      process.stdout.write(live ? `${HIDE_CURSOR_LINE}${text}` : `${text}\n`)
      last = now
    }),
    Effect.repeat(Schedule.recurs(Math.ceil(seconds / period) - 1)),
    Effect.andThen(Effect.sync(() => (live ? process.stdout.write("\n") : undefined))),
    Effect.asVoid
  )
}
