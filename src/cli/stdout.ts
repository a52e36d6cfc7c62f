import process from "node:process"
import { Data, Effect } from "effect"

/** Whoever reads has seen enough: `| head` has ended. */
export class StdoutClosed extends Data.TaggedError("StdoutClosed") {}

/** Writes to stdout; completes when it is written, so that a slow reader is waited for. */
export const write = (text: string): Effect.Effect<void, StdoutClosed> =>
  Effect.callback((resume) => {
    process.stdout.write(text, (error) => resume(error ? Effect.fail(new StdoutClosed()) : Effect.void))
  })
