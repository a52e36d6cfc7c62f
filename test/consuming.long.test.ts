/** The programs of docs/consuming.md, each as it stands there, against a real Kafka that the connector has written to. */
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { readFileSync, symlinkSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { goodFrame } from "./support/hostile.ts"
import { describeKafka, kafkaBootstrap } from "./support/kafka/describeKafka.ts"
import { classPath } from "./support/kafka/jars.ts"
import { find } from "./support/ops/found.ts"
import * as Program from "./support/program.ts"
import { temporaryFolder } from "./support/temporaryFolder.ts"

const page = readFileSync(new URL("../docs/consuming.md", import.meta.url), "utf8")

/** One of the page's blocks, for the run's broker and topics. */
const block = (language: string, prefix: string): string => {
  const found = new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\``, "m").exec(page)?.[1]
  assert.isDefined(found, `there is no block in ${language}`)
  return (found ?? "")
    .replaceAll("localhost:9092", kafkaBootstrap)
    .replaceAll(/\b(raw_trades|continuity|dead_letter)\b/g, (topic) => `${prefix}${topic}`)
    .replaceAll("trades-", `${prefix}trades-`)
}

const IDS = [1, 2, 3, 6, 7]

/** Has the connector publish a recording: a hole, a repeat, and one frame that is no trade. */
const publish = Effect.fnUntraced(function* (prefix: string) {
  const frames = [...[1, 2, 2, 3, 6, 7].map((t) => goodFrame(t)), goodFrame(8).replace(/"p":"[^"]*"/, '"p":1')]
  const program = yield* Program.start(
    {
      FEED: "replay",
      REPLAY_FILE: "frames.ndjson",
      BINANCE_STREAMS: "btcusdt@trade",
      KAFKA_BOOTSTRAP_SERVERS: kafkaBootstrap,
      TOPIC_PREFIX: prefix,
      HTTP_PORT: "0"
    },
    { "frames.ndjson": `${frames.join("\n")}\n` }
  )
  const { code, stderr } = yield* program.ended
  assert.strictEqual(code, 0, stderr)
})

/** Runs an endless program until it has printed the last trade; gives what it has printed. */
const until = (last: RegExp, command: string, args: ReadonlyArray<string>, folder: string) =>
  Effect.promise(async (signal) => {
    const child = spawn(command, args, { cwd: folder, stdio: ["ignore", "pipe", "pipe"] })
    signal.addEventListener("abort", () => child.kill("SIGKILL"))
    let printed = ""
    let complaints = ""
    child.stderr.on("data", (data) => (complaints += String(data)))
    child.stdout.on("data", (data) => {
      printed += String(data)
      if (last.test(printed)) child.kill("SIGKILL")
    })
    await once(child, "close")
    assert.match(printed, last, complaints)
    return printed.trimEnd().split("\n")
  })

const assertTrades = (lines: ReadonlyArray<string>) => {
  const trades = lines.filter((line) => /^BTCUSDT \d/.test(line))
  assert.deepStrictEqual(
    trades.map((line) => Number(line.split(" ")[1])),
    IDS
  )
  assert.include(lines, "BTCUSDT hole 4-5")
}

const LAST = /^BTCUSDT 7 .*$/m

const skipUnless = (found: boolean, what: string): boolean => {
  if (!found && kafkaBootstrap !== "") process.stderr.write(`SKIPPED: docs/consuming.md: ${what} is not installed\n`)
  return !found
}

const kcat = find("KCAT", "kcat")
const python = find("PYTHON", "python3")
const hasClient = python !== undefined && spawnSync(python, ["-c", "import confluent_kafka"]).status === 0
const hasCompiler = /jdk\.compiler/.test(String(spawnSync("java", ["--list-modules"]).stdout))

describeKafka("the consumers of docs/consuming.md", () => {
  it.live.skipIf(skipUnless(kcat !== undefined, "kcat"))("kcat", () =>
    Effect.gen(function* () {
      yield* publish("kcat_")
      const lines = block("sh", "kcat_")
        .split("\n")
        .filter((line) => line.startsWith("kcat"))
      const [all, newest, continuity, dead] = lines.map((line) => {
        const ran = spawnSync("sh", ["-c", line], { encoding: "utf8" })
        assert.strictEqual(ran.status, 0, `${line}: ${ran.stderr}`)
        return ran.stdout
      })
      assert.lengthOf(all?.match(/^BTCUSDT \d+ \{"original_data"/gm) ?? [], IDS.length)
      assert.include(newest, "event-id=binance:spot:trade:BTCUSDT:7")
      assert.match(continuity ?? "", /"type":"gap-opened".*"from":4,"to":5/)
      assert.include(dead, "dlq.field=")
    })
  )

  it.live.skipIf(skipUnless(hasClient, "confluent-kafka for python3"))("Python", () =>
    Effect.gen(function* () {
      yield* publish("python_")
      const folder = yield* temporaryFolder
      writeFileSync(join(folder, "trades.py"), block("python", "python_"))
      assertTrades(yield* until(LAST, python ?? "", ["trades.py"], folder))
    })
  )

  it.live.skipIf(skipUnless(hasCompiler, "a JDK"))("Java", () =>
    Effect.gen(function* () {
      yield* publish("java_")
      const folder = yield* temporaryFolder
      writeFileSync(join(folder, "Trades.java"), block("java", "java_"))
      const jars = yield* Effect.promise(classPath)
      assertTrades(yield* until(LAST, "java", ["-cp", jars, "Trades.java"], folder))
    })
  )

  it.live("TypeScript", () =>
    Effect.gen(function* () {
      yield* publish("typescript_")
      const folder = yield* temporaryFolder
      symlinkSync(fileURLToPath(new URL("../node_modules", import.meta.url)), join(folder, "node_modules"))
      writeFileSync(join(folder, "package.json"), '{ "type": "module" }')
      writeFileSync(join(folder, "trades.ts"), block("ts", "typescript_"))
      assertTrades(yield* until(LAST, process.execPath, ["trades.ts"], folder))
    })
  )
})
