/**
 * The edge to the operating system: signals in, exit codes out. SIGINT and SIGTERM interrupt the program, which then drains;
 * a second one ends it at once. 0: ended, or stopped and drained; 1: anything else, with one line that says why. A command
 * says its exit code itself.
 */
import process from "node:process"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Cause, Effect, Exit, Option } from "effect"
import { SettingsError } from "../services/AppConfig.ts"

/** Ended by a signal, as a shell reports it. */
const EXIT_KILLED = 130

/** A command that found no answer. */
const EXIT_FAILED = 2

/** A container is killed 10 s after the signal; better to say so ourselves. */
const STOP_LIMIT_MS = 9700

const messageOf = (cause: Cause.Cause<unknown>): string => {
  const error = Option.getOrUndefined(Cause.findErrorOption(cause)) ?? Cause.squash(cause)
  return error instanceof Error ? error.message : String(error)
}

/** Says how and why the program ends, in the log's own format; also when it is interrupted. */
export const logEnd = <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.onExit(program, (exit) => {
    if (Exit.isSuccess(exit)) return Effect.logInfo("The feed has ended: everything received is flushed")
    return Cause.hasInterruptsOnly(exit.cause)
      ? Effect.logInfo("Stopped: everything received is stored, but what is said to wait on the disk")
      : Effect.andThen(Effect.logFatal(messageOf(exit.cause)), Effect.logDebug("The failure in full", exit.cause))
  })

const say = (line: string): void => {
  process.stderr.write(`binance-kafka-connector: ${line}\n`)
}

export interface CommandOptions {
  /** To be stopped is its regular end; any other that is interrupted has no answer. */
  readonly untilStopped?: boolean
}

/** Runs a command as the process; it succeeds with its exit code. */
export const command = <E>(program: Effect.Effect<number, E>, { untilStopped = false }: CommandOptions = {}): void => {
  let signals = 0
  const onSignal = () => {
    if (++signals > 1) process.exit(EXIT_KILLED)
  }
  process.on("SIGINT", onSignal)
  process.on("SIGTERM", onSignal)
  process.stderr.on("error", () => {})
  NodeRuntime.runMain(program, {
    disableErrorReporting: true,
    teardown: (exit, onExit) => {
      if (Exit.isSuccess(exit)) return onExit(typeof exit.value === "number" ? exit.value : 0)
      if (Cause.hasInterruptsOnly(exit.cause)) return onExit(untilStopped ? 0 : EXIT_KILLED)
      say(messageOf(exit.cause))
      return onExit(EXIT_FAILED)
    }
  })
}

/** Runs the program as the process. */
export const main = <A, E>(program: Effect.Effect<A, E>): void => {
  let signals = 0
  let crashed = false

  const onSignal = () => {
    if (++signals > 1) process.exit(EXIT_KILLED)
    setTimeout(() => {
      say(`not stopped within ${STOP_LIMIT_MS / 1000} s: ended as it is`)
      process.exit(1)
    }, STOP_LIMIT_MS).unref()
  }
  // Whoever reads the log may go away: that is no reason to stop.
  process.stderr.on("error", () => {})
  process.on("SIGINT", onSignal)
  process.on("SIGTERM", onSignal)
  // A bug in a library's callback: what was received is stored all the same.
  process.on("uncaughtException", (error) => {
    say(`unexpected error, stopping: ${error instanceof Error ? error.message : String(error)}`)
    crashed = true
    if (signals === 0) process.emit("SIGTERM", "SIGTERM")
  })

  NodeRuntime.runMain(
    Effect.tapError(program, (error) =>
      // There is no log yet whose format could be kept.
      error instanceof SettingsError ? Effect.sync(() => process.stderr.write(`${error.message}\n`)) : Effect.void
    ),
    {
      disableErrorReporting: true,
      teardown: (exit, onExit) => {
        const stopped = Exit.isSuccess(exit) || Cause.hasInterruptsOnly(exit.cause)
        onExit(stopped && !crashed ? 0 : 1)
      }
    }
  )
}
