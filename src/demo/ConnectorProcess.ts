/** The connector as a user runs it: `node dist/Main.js`, settings in its environment, stopped by SIGTERM. */
import { spawn } from "node:child_process"
import { closeSync, openSync, readFileSync } from "node:fs"
import { extname, join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { Data, Deferred, Effect } from "effect"

/** As this file: built, or its source. */
const MAIN = fileURLToPath(new URL(`../Main${extname(import.meta.url)}`, import.meta.url))

/** The program promises to be gone within 10 s of the signal. */
const STOP_DEADLINE = "12 seconds"

/** How much of its log is shown when it did not do as it should. */
const TAIL_LINES = 12

export class ConnectorFailed extends Data.TaggedError("ConnectorFailed")<{ readonly message: string }> {}

export interface ConnectorProcess {
  /** Completes with the exit code, or the signal's name, whenever it ends. */
  readonly ended: Effect.Effect<number | string>
  /** Fails if it ends before it is told to. */
  readonly unexpectedEnd: Effect.Effect<never, ConnectorFailed>
  /** SIGTERM, then the exit code. */
  readonly stop: Effect.Effect<number | string, ConnectorFailed>
  readonly logFile: string
  readonly lastLines: () => string
}

const tail = (file: string): string => readFileSync(file, "utf8").trimEnd().split("\n").slice(-TAIL_LINES).join("\n")

/** In `folder`, so that no `.env` file of the user's has a say; `environment` is all it gets. */
export const start = Effect.fnUntraced(function* (environment: NodeJS.ProcessEnv, folder: string) {
  const logFile = join(folder, "connector.log")
  const ended = yield* Deferred.make<number | string>()
  const log = yield* Effect.acquireRelease(
    Effect.sync(() => openSync(logFile, "w")),
    (file) => Effect.sync(() => closeSync(file))
  )
  const child = yield* Effect.acquireRelease(
    Effect.sync(() =>
      spawn(process.execPath, [MAIN], { cwd: folder, env: environment, stdio: ["ignore", "ignore", log] }).once(
        "exit",
        (code, signal) => Deferred.doneUnsafe(ended, Effect.succeed(code ?? signal ?? "nothing"))
      )
    ),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const connector: ConnectorProcess = {
    logFile,
    lastLines: () => tail(logFile),
    ended: Deferred.await(ended),
    unexpectedEnd: Effect.flatMap(Deferred.await(ended), (code) =>
      Effect.fail(new ConnectorFailed({ message: `the connector ended by itself with ${code}:\n${tail(logFile)}` }))
    ),
    stop: Effect.sync(() => child.kill("SIGTERM")).pipe(
      Effect.andThen(Deferred.await(ended)),
      Effect.timeoutOrElse({
        duration: STOP_DEADLINE,
        orElse: () =>
          Effect.fail(
            new ConnectorFailed({ message: `the connector did not stop within ${STOP_DEADLINE}:\n${tail(logFile)}` })
          )
      })
    )
  }
  return connector
})
