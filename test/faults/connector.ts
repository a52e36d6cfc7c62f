/** The connector as a process that a scenario starts, kills and starts again; one folder for its data, one file for its log. */
import { appendFileSync, readdirSync, readFileSync } from "node:fs"
import { setTimeout } from "node:timers/promises"
import { Data, Effect, Option, Schema, type Scope } from "effect"
import * as Program from "../support/program.ts"

export class ConnectorFailed extends Data.TaggedError("ConnectorFailed")<{ readonly message: string }> {}

export interface Usage {
  readonly rssMegabytes: number
  readonly descriptors: number
}

const Readiness = Schema.Struct({
  ready: Schema.Boolean,
  group: Schema.Struct({ shards: Schema.Array(Schema.Finite) })
})
const decodeReadiness = Schema.decodeUnknownOption(Readiness)

export interface Group {
  readonly isReady: boolean
  readonly shards: ReadonlyArray<number>
}

export interface Connector {
  /** With these settings beside its own, from now on. */
  readonly start: (settings?: Readonly<Record<string, string>>) => Effect.Effect<void, never, Scope.Scope>
  /** SIGKILL; completes when it is gone. */
  readonly kill: Effect.Effect<void>
  /** SIGTERM; fails unless it ends with 0. */
  readonly stop: Effect.Effect<void, ConnectorFailed>
  /** Completes once this run's log matches. */
  readonly says: (pattern: RegExp) => Effect.Effect<void>
  readonly signal: (signal: NodeJS.Signals) => Effect.Effect<void>
  /** Completes once so many more records are stored, over restarts too. */
  readonly stores: (records: number) => Effect.Effect<void, ConnectorFailed>
  /** Which shards of its group it runs, and whether it is ready; undefined: it does not answer. */
  readonly group: Effect.Effect<Group | undefined>
  /** A metric's value, summed over its labels; 0 where it does not answer. */
  readonly metric: (name: string) => Effect.Effect<number>
  readonly usage: () => Usage | undefined
  readonly isRunning: () => boolean
}

const TAIL_LINES = 15

const tail = (log: string): string => log.trimEnd().split("\n").slice(-TAIL_LINES).join("\n")

export const make = (options: {
  readonly settings: Readonly<Record<string, string>>
  readonly port: number
  readonly logFile: string
  /** A loaded machine is slow, a connector that does nothing for so long does nothing (ms). */
  readonly patience: number
}): Connector => {
  let settings = options.settings
  let program: Program.Program | undefined
  let isRunning = false

  const metric = (name: string) =>
    Effect.promise(async () => {
      const pattern = new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, "gm")
      const page = await fetch(`http://127.0.0.1:${options.port}/metrics`, { signal: AbortSignal.timeout(2000) }).then(
        (response) => response.text(),
        () => ""
      )
      return [...page.matchAll(pattern)].reduce((sum, [, value]) => sum + Number(value), 0)
    })

  const failure = (message: string) =>
    new ConnectorFailed({ message: `${message}:\n${tail(readFileSync(options.logFile, "utf8"))}` })

  const running = Effect.suspend(() =>
    program === undefined ? Effect.die("it was never started") : Effect.succeed(program)
  )

  return {
    start: (more = {}) =>
      Effect.gen(function* () {
        settings = { ...settings, ...more }
        program = yield* Program.start(settings)
        isRunning = true
        const { child } = program
        appendFileSync(options.logFile, `--- started as ${child.pid}\n`)
        child.stderr?.on("data", (data) => appendFileSync(options.logFile, String(data)))
        child.once("exit", (code, signal) => {
          isRunning = false
          appendFileSync(options.logFile, `--- ended with ${code ?? signal}\n`)
        })
      }),
    kill: Effect.flatMap(running, ({ ended, signal }) => Effect.andThen(signal("SIGKILL"), ended)),
    stop: Effect.gen(function* () {
      const { ended, signal } = yield* running
      yield* signal("SIGTERM")
      const { code, signal: by } = yield* ended.pipe(
        Effect.timeoutOrElse({
          duration: "30 seconds",
          orElse: () => Effect.fail(failure("it did not stop within 30 s of SIGTERM"))
        })
      )
      if (code !== 0) return yield* failure(`it ended with ${code ?? by}, not with 0`)
      return undefined
    }),
    says: (pattern) => Effect.flatMap(running, ({ says }) => says(pattern)),
    signal: (name) => Effect.flatMap(running, ({ signal }) => signal(name)),
    stores: (records) =>
      Effect.gen(function* () {
        let before = yield* metric("binance_kafka_records_stored_total")
        let gained = 0
        const until = performance.now() + options.patience
        while (gained < records) {
          if (!isRunning) return yield* failure("it has ended by itself")
          if (performance.now() > until)
            return yield* failure(`it has stored ${gained} records in ${options.patience} ms`)
          yield* Effect.promise(() => setTimeout(100))
          const now = yield* metric("binance_kafka_records_stored_total")
          gained += Math.max(0, now - before)
          // 0: it does not answer, or begins anew.
          before = now
        }
        return undefined
      }),
    group: Effect.promise(async () => {
      const answer: unknown = await fetch(`http://127.0.0.1:${options.port}/readyz`, {
        signal: AbortSignal.timeout(1000)
      }).then(
        (response) => response.json(),
        () => undefined
      )
      const found = Option.getOrUndefined(decodeReadiness(answer))
      return found && { isReady: found.ready, shards: found.group.shards }
    }),
    metric,
    usage: () => {
      const pid = program?.child.pid
      if (!isRunning || pid === undefined) return undefined
      try {
        const kilobytes = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
        // It has just ended.
        if (kilobytes === undefined) return undefined
        return {
          rssMegabytes: Math.round(Number(kilobytes) / 1024),
          descriptors: readdirSync(`/proc/${pid}/fd`).length
        }
      } catch {
        return undefined
      }
    },
    isRunning: () => isRunning
  }
}
