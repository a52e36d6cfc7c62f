/**
 * The edge to the operating system: signals in, exit codes out. SIGINT and SIGTERM interrupt the program, which then drains;
 * a second one ends it at once. 0: ended, or stopped and drained; 1: anything else, with one line that says why.
 */
import process from "node:process"
import { NodeRuntime } from "@effect/platform-node"
import { Cause, Effect, Exit, Option } from "effect"
import { SettingsError } from "../services/AppConfig.ts"

/** Ended by a second signal, as a shell reports it. */
const EXIT_KILLED = 130

const messageOf = (cause: Cause.Cause<unknown>): string => {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause)) ?? Cause.squash(cause)
  return error instanceof Error ? error.message : String(error)
}

/** Says how and why the program ends, in the log's own format; also when it is interrupted. */
export const logEnd = <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.onExit(program, (exit) => {
    if (Exit.isSuccess(exit)) return Effect.logInfo("The feed has ended: everything received is stored")
    return Cause.hasInterruptsOnly(exit.cause)
      ? Effect.logInfo("Stopped: everything received is stored")
      : Effect.andThen(Effect.logFatal(messageOf(exit.cause)), Effect.logDebug("The failure in full", exit.cause))
  })

/** Runs the program as the process. */
export const main = <A, E>(program: Effect.Effect<A, E>): void => {
  let signals = 0
  const onSignal = () => {
    if (++signals > 1) process.exit(EXIT_KILLED)
  }
  process.on("SIGINT", onSignal)
  process.on("SIGTERM", onSignal)

  NodeRuntime.runMain(
    Effect.tapError(program, (error) =>
      // There is no log yet whose format could be kept.
      error instanceof SettingsError ? Effect.sync(() => process.stderr.write(`${error.message}\n`)) : Effect.void
    ),
    {
      disableErrorReporting: true,
      teardown: (exit, onExit) => {
        const stopped = Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)
        onExit(stopped ? 0 : 1)
      }
    }
  )
}
