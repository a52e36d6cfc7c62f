/** What a command has to say, on stdout: one that nobody can get is a failure, except where whoever reads has seen enough. */
import process from "node:process"
import { Data, Effect, Predicate } from "effect"

/** Whoever reads has seen enough: `| head` has ended. */
export class StdoutClosed extends Data.TaggedError("StdoutClosed") {}

/** A full disk, say: the answer is lost, whatever it was. */
export class StdoutError extends Data.TaggedError("StdoutError")<{
  readonly message: string
  readonly cause: Error
}> {}

const CLOSED = new Set(["EPIPE", "ECONNRESET"])

const failure = (cause: Error): StdoutClosed | StdoutError => {
  const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : cause.message
  return CLOSED.has(code)
    ? new StdoutClosed()
    : new StdoutError({ message: `cannot write to stdout: ${code}; the answer is lost`, cause })
}

// Each write is told of its own fault; told a second time, and to nobody, it would end the process.
process.stdout.on("error", () => {})

/** Completes when it is written, so that a slow reader is waited for. */
export const write = (text: string): Effect.Effect<void, StdoutClosed | StdoutError> =>
  Effect.callback((resume) => {
    process.stdout.write(text, (error) => resume(error ? Effect.fail(failure(error)) : Effect.void))
  })
