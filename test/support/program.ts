/** A program as a child process, run from its sources in an empty folder and an empty environment. */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { Deferred, Effect } from "effect"

const MAIN = new URL("../../src/Main.ts", import.meta.url)

export interface Ended {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

export interface Program {
  readonly child: ChildProcess
  readonly folder: string
  readonly ended: Effect.Effect<Ended>
  /** Completes once its log matches. */
  readonly says: (pattern: RegExp) => Effect.Effect<void>
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
}

/** `main`: the connector's own, if not said otherwise; `args`: its command line. */
export const start = Effect.fnUntraced(function* (
  environment: Readonly<Record<string, string>>,
  files: Readonly<Record<string, string>> = {},
  main = MAIN,
  args: ReadonlyArray<string> = []
) {
  const folder = yield* Effect.acquireRelease(
    Effect.sync(() => mkdtempSync(join(tmpdir(), "connector-"))),
    (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
  )
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), content)
  }
  const ended = yield* Deferred.make<Ended>()
  const out = { stdout: "", stderr: "" }
  const waits = new Set<{ readonly pattern: RegExp; readonly done: Deferred.Deferred<void> }>()
  const child = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, [fileURLToPath(main), ...args], {
        cwd: folder,
        env: { PATH: process.env["PATH"] ?? "", ...environment },
        stdio: ["ignore", "pipe", "pipe"]
      })
      child.stdout.on("data", (data) => (out.stdout += String(data)))
      child.stderr.on("data", (data) => {
        out.stderr += String(data)
        for (const { done, pattern } of waits) {
          if (pattern.test(out.stderr)) Deferred.doneUnsafe(done, Effect.void)
        }
      })
      child.once("close", (code, signal) => Deferred.doneUnsafe(ended, Effect.succeed({ code, signal, ...out })))
      return child
    }),
    (child) => Effect.sync(() => child.kill("SIGKILL"))
  )
  const program: Program = {
    child,
    folder,
    ended: Deferred.await(ended),
    says: (pattern) =>
      Effect.gen(function* () {
        const done = yield* Deferred.make<void>()
        waits.add({ pattern, done })
        if (pattern.test(out.stderr)) return
        yield* Effect.raceFirst(
          Deferred.await(done),
          Effect.flatMap(Deferred.await(ended), ({ code, stderr }) =>
            Effect.die(`ended with ${code} before it said ${pattern}:\n${stderr}`)
          )
        )
      }),
    signal: (signal) => Effect.sync(() => child.kill(signal))
  }
  return program
})
