/** The commands of docs/quick-start.md, as they stand there; the exchange is the simulator, Kafka the run's broker. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, readFileSync } from "node:fs"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Schedule, Schema } from "effect"
import { helpOf } from "../src/cli/parse.ts"
import * as Simulator from "../src/simulator/Simulator.ts"
import { describeKafka, kafkaBootstrap } from "./support/kafka/describeKafka.ts"
import { freePorts } from "./support/kafka/freePorts.ts"
import { find } from "./support/ops/found.ts"
import { temporaryFolder } from "./support/temporaryFolder.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const page = readFileSync(`${root}/docs/quick-start.md`, "utf8")

/** The shell's lines of a step. */
const step = (number: number): string => {
  const section = page.split(/^## /m).find((text) => text.startsWith(`${number}. `)) ?? ""
  const blocks = Array.from(section.matchAll(/^```sh\n([^]*?)^```/gm), ([, block = ""]) => block)
  assert.isNotEmpty(blocks, `step ${number} has no commands`)
  return blocks.join("")
}

const { scripts } = Schema.decodeSync(
  Schema.fromJsonString(Schema.Struct({ scripts: Schema.Record(Schema.String, Schema.String) }))
)(readFileSync(`${root}/package.json`, "utf8"))

const PREFIX = "quick_"
const KEPT = ["PATH", "HOME", "TMPDIR"]
const environment = Object.fromEntries(
  KEPT.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]]))
)

describe("the quick start", () => {
  it("names scripts that there are", () => {
    for (const [, name = ""] of page.matchAll(/^npm (?:run )?(?!ci)(\w+)/gm)) assert.property(scripts, name)
  })
})

describe("the quick start without Binance", () => {
  it.effect("names the port that simulate takes", () =>
    Effect.map(helpOf(["simulate"]), (help) => {
      const [, port = ""] = /--port .*On 127\.0\.0\.1; (\d+) if not said/.exec(help) ?? []
      assert.include(page, `BINANCE_WS_URL=ws://127.0.0.1:${port}/stream`)
      assert.include(page, `BINANCE_REST_URL=http://127.0.0.1:${port}\``)
    })
  )
})

describeKafka("the quick start", () => {
  it.live("leads to records that are proved", () =>
    Effect.gen(function* () {
      assert.isTrue(existsSync(`${root}/dist/Main.js`), "there is no dist/: npm run build comes first")
      const simulator = yield* Simulator.make({ rate: 200 })
      const [port = 0] = yield* Effect.promise(() => freePorts(1))
      const here = (commands: string) =>
        commands
          .replaceAll("localhost:9092", kafkaBootstrap)
          .replaceAll("localhost:8080", `localhost:${port}`)
          .replaceAll("raw_trades", `${PREFIX}raw_trades`)
      const settings = {
        ...environment,
        BINANCE_WS_URL: simulator.wsUrl,
        BINANCE_REST_URL: simulator.restUrl,
        HTTP_PORT: String(port),
        TOPIC_PREFIX: PREFIX,
        DATA_DIR: yield* temporaryFolder
      }
      /** Lines that end by themselves. */
      const run = (commands: string) =>
        Effect.promise(async () => {
          const child = spawn("bash", ["-ec", here(commands)], {
            cwd: root,
            env: settings,
            stdio: ["ignore", "pipe", "pipe"]
          })
          const out = { stdout: "", stderr: "" }
          child.stdout.on("data", (data) => (out.stdout += String(data)))
          child.stderr.on("data", (data) => (out.stderr += String(data)))
          const [code] = await once(child, "close")
          assert.strictEqual(code, 0, `${commands}\n${out.stdout}\n${out.stderr}`)
          return out.stdout
        })

      const ended = yield* Deferred.make<string>()
      const connector = yield* Effect.acquireRelease(
        Effect.sync(() => {
          const child = spawn("bash", ["-ec", here(step(4))], {
            cwd: root,
            env: settings,
            detached: true,
            stdio: ["ignore", "ignore", "pipe"]
          })
          let log = ""
          child.stderr.on("data", (data) => (log += String(data)))
          child.once("close", () => Deferred.doneUnsafe(ended, Effect.succeed(log)))
          return child
        }),
        (child) => Effect.sync(() => child.exitCode ?? child.signalCode ?? process.kill(-(child.pid ?? 0), "SIGKILL"))
      )
      yield* Effect.sync(() => simulator.ledger.pushed.get("btcusdt@trade")?.count ?? 0).pipe(
        Effect.repeat({ until: (count) => count > 100, schedule: Schedule.spaced("50 millis") })
      )

      const seen = yield* run(step(5)).pipe(
        Effect.repeat({ until: (text) => text.includes('"ready":true'), schedule: Schedule.spaced("200 millis") })
      )
      assert.include(seen, "binance_kafka_records_stored_total")
      if (find("KCAT", "kcat") !== undefined) assert.match(yield* run(step(6)), /^(\S+ \d+ \{"original_data".*\n){3}$/)

      // Ctrl-C reaches everything that the terminal runs.
      process.kill(-(connector.pid ?? 0), "SIGINT")
      assert.include(yield* Deferred.await(ended), "Stopped: everything received is stored")
      assert.match(yield* run(`export KAFKA_BOOTSTRAP_SERVERS=localhost:9092\n${step(7)}`), /^PROVED/m)
    })
  )
})
