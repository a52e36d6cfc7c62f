import process from "node:process"
import { Effect } from "effect"

/** Writes lines to stdout; completes when they are written: the process may end right after. */
export const print = (text: string): Effect.Effect<void> =>
  text === ""
    ? Effect.void
    : Effect.callback((resume) => {
        process.stdout.write(`${text}\n`, () => resume(Effect.void))
      })
