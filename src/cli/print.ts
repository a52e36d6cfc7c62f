import process from "node:process"
import { Effect } from "effect"

const write = (stream: NodeJS.WriteStream, text: string): Effect.Effect<void> =>
  Effect.callback((resume) => {
    stream.write(text, () => resume(Effect.void))
  })

/** Writes lines to stdout; completes when they are written: the process may end right after. */
export const print = (text: string): Effect.Effect<void> =>
  text === "" ? Effect.void : write(process.stdout, `${text}\n`)

/** Says something beside the answer, on stderr. */
export const warn = (lines: ReadonlyArray<string>): Effect.Effect<void> =>
  lines.length === 0 ? Effect.void : write(process.stderr, `${lines.join("\n")}\n`)
