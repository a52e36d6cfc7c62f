/** The variables of what was missed: how long to wait for it, and what is caught up in place. */
import { MAX_SECONDS, seconds } from "./parsers.ts"
import { variable } from "./Variable.ts"

const SECONDS = `a number of seconds above 0, at most ${MAX_SECONDS}`

export const gaps = {
  wait: variable(
    {
      name: "GAP_WAIT_SECONDS",
      default: "120",
      expected: SECONDS,
      example: "120",
      doc: "How long a symbol waits for what it missed while the exchange's history gives nothing new; then it goes on, and the rest follows late"
    },
    seconds
  ),
  resumeMax: variable(
    {
      name: "RESUME_MAX_GAP_SECONDS",
      default: "3600",
      expected: SECONDS,
      example: "3600",
      doc: "What was missed over a longer time (and is more than 1,000 trades) does not hold up what is live: it follows late"
    },
    seconds
  )
} as const
