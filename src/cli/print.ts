import process from "node:process"
import { Effect } from "effect"
import { type StdoutError, write } from "./stdout.ts"

/** Writes lines to stdout; completes when they are written: the process may end right after. */
export const print = (text: string): Effect.Effect<void, StdoutError> =>
  text === ""
    ? Effect.void
    : // What is found out is the exit code too, whoever has stopped reading.
      Effect.catchTag(write(`${text}\n`), "StdoutClosed", () => Effect.void)

/** Says something beside the answer, on stderr. */
export const warn = (lines: ReadonlyArray<string>): Effect.Effect<void> =>
  lines.length === 0
    ? Effect.void
    : Effect.callback((resume) => {
        process.stderr.write(`${lines.join("\n")}\n`, () => resume(Effect.void))
      })
