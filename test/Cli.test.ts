import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"
import { DatabaseSync } from "node:sqlite"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import * as HealthState from "../src/layers/HealthState.ts"
import * as LocalLog from "../src/layers/LocalLog.ts"
import { logFile } from "../src/layers/sqlite.ts"
import * as ContinuityRecord from "../src/pipeline/ContinuityRecord.ts"
import type { SinkRecord } from "../src/schema/SinkRecord.ts"
import { EventSink } from "../src/services/EventSink.ts"
import * as Simulator from "../src/simulator/Simulator.ts"
import * as Program from "./support/program.ts"
import { settingsLayer } from "./support/settings.ts"
import { range, recordOf, trade } from "./support/tape.ts"
import { temporaryFolder } from "./support/temporaryFolder.ts"

const command = Effect.fnUntraced(function* (
  args: ReadonlyArray<string>,
  settings: Readonly<Record<string, string>> = {}
) {
  const program = yield* Program.start({ HTTP_PORT: "0", LOG_LEVEL: "ERROR", ...settings }, {}, undefined, args)
  return yield* program.ended
})

/** A local log that holds these records. */
const logOf = Effect.fnUntraced(function* (records: ReadonlyArray<SinkRecord>) {
  const dataDir = yield* temporaryFolder
  yield* Effect.flatMap(EventSink, ({ publish }) => publish(records)).pipe(
    Effect.provide(LocalLog.layer.pipe(Layer.provide([settingsLayer({ dataDir }), HealthState.layer])))
  )
  return { SINK: "local", DATA_DIR: dataDir }
})

const trades = (ids: ReadonlyArray<number>) => ids.map((id) => recordOf("btcusdt@trade", trade(id)))
/** As nothing but a fault could do it. */
const remove = (folder: string, offsets: ReadonlyArray<number>) => {
  const database = new DatabaseSync(logFile(folder))
  database.exec(`DELETE FROM records WHERE topic = 'raw_trades' AND offset IN (${offsets.join(", ")})`)
  database.close()
}

const lastLine = (text: string) => text.trimEnd().split("\n").at(-1)

/** As the document tells people to compute it. */
const digestCommand =
  /```sh\n(node [^`]*createHash[^`]*)```/.exec(
    readFileSync(new URL("../docs/verify.md", import.meta.url), "utf8")
  )?.[1] ?? ""

const PROVED = "PROVED: nothing missing, nothing twice, nothing out of order."

describe("node dist/Main.js with a command", () => {
  it.live("says its version and what it can do", () =>
    Effect.gen(function* () {
      const version = yield* command(["--version"])
      assert.deepStrictEqual([version.code, version.stderr], [0, ""])
      assert.match(version.stdout, /^binance-kafka-connector v\d+\.\d+\.\d+\n$/)
      const help = yield* command(["--help"])
      assert.strictEqual(help.code, 0)
      for (const name of ["run", "check", "config", "streams", "verify", "repair"]) assert.include(help.stdout, name)
    })
  )

  it.live("refuses what it does not know with one line and 2", () =>
    Effect.gen(function* () {
      const unknown = yield* command(["verifi"])
      assert.deepStrictEqual([unknown.code, unknown.stdout], [2, ""])
      assert.match(unknown.stderr, /^binance-kafka-connector: .*verifi.*verify.*\n$/)
      const flag = yield* command(["verify", "--jsn"])
      assert.deepStrictEqual([flag.code, flag.stdout], [2, ""])
      assert.match(flag.stderr, /^binance-kafka-connector: .*--jsn.*\n$/)
    })
  )

  it.live("runs the connector by its name too", () =>
    Effect.gen(function* () {
      const { code, stderr } = yield* command(["run"], { BATCH_SIZE: "none" })
      assert.strictEqual(code, 1)
      assert.include(stderr, "BATCH_SIZE=none")
    })
  )

  it.live("check: a line each, and 1 where something failed; as JSON too", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make()
      const settings = {
        BINANCE_WS_URL: simulator.wsUrl,
        BINANCE_REST_URL: simulator.restUrl,
        BINANCE_STREAMS: "btcusdt@trade",
        SINK: "local"
      }
      const good = yield* command(["check"], settings)
      assert.deepStrictEqual([good.code, good.stderr], [0, ""], good.stdout)
      assert.match(good.stdout, /^ok {7}settings {2}/)
      assert.strictEqual(lastLine(good.stdout), "0 failed, 0 warnings, 0 skipped, 7 ok")
      const bad = yield* command(["check", "--json"], {
        ...settings,
        BINANCE_STREAMS: "btcusd@trade",
        KAFKA_BOOTSTRAP_SERVERS: "",
        DATA_DIR: "/dev/null/data"
      })
      assert.deepStrictEqual([bad.code, bad.stderr], [1, ""])
      const { findings, ok } = JSON.parse(bad.stdout)
      assert.isFalse(ok)
      const told = findings.map(({ status, subject }: Record<string, string>) => `${subject} ${status}`)
      // One fault does not keep the others from being found.
      for (const one of ["settings failed", "symbols failed", "disk failed", "socket ok"]) assert.include(told, one)
    })
  )

  it.live("config: the settings in force and whence they come, no secret among them", () =>
    Effect.gen(function* () {
      const file = "BATCH_SIZE=7\nKAFKA_ACKS=all\nKAFKA_SASL_PASSWORD=geheim\nKAFKA_SASL_USERNAME=me\n"
      const environment = { KAFKA_ACKS: "1", KAFKA_SASL_MECHANISM: "plain", BATCH_CHEKC_INTERVAL_MS: "5" }
      const run = (...args: ReadonlyArray<string>) =>
        Effect.flatMap(
          Program.start(environment, { ".env": file }, undefined, ["config", ...args]),
          ({ ended }) => ended
        )
      const shown = yield* run()
      assert.strictEqual(shown.code, 0)
      assert.match(shown.stdout, /^ {2}BATCH_SIZE {2,}\.env {2,}7$/m)
      assert.match(shown.stdout, /^ {2}KAFKA_ACKS {2,}environment {2,}1$/m)
      assert.match(shown.stdout, /^ {2}KAFKA_SASL_PASSWORD {2,}\.env {2,}<redacted>$/m)
      assert.match(shown.stdout, /^ {2}SINK {2,}default {2,}kafka$/m)
      assert.match(shown.stderr, /BATCH_CHEKC_INTERVAL_MS is no setting: did you mean BATCH_CHECK_INTERVAL_MS/)
      const json = yield* run("--json")
      const { settings } = JSON.parse(json.stdout)
      assert.deepInclude(settings, { name: "KAFKA_SSL_CA_FILE", value: null, source: "unset" })
      for (const { stdout } of [shown, json]) assert.notInclude(stdout, "geheim")
    })
  )

  it.live("config: 1 and every fault where there is one; an example that is a .env file", () =>
    Effect.gen(function* () {
      const bad = yield* command(["config"], { BATCH_SIZE: "none" })
      assert.strictEqual(bad.code, 1)
      assert.match(bad.stderr, /^BATCH_SIZE=none: expected a whole number/)
      const example = yield* command(["config", "--example"], { BATCH_SIZE: "none" })
      assert.strictEqual(example.code, 0)
      assert.strictEqual(example.stdout, readFileSync(new URL("../.env.example", import.meta.url), "utf8"))
    })
  )

  it.live("streams: the kinds with their fields and topics, or the symbols that match", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ symbols: ["BTCUSDT", "ETHBTC"], rate: 0 })
      const settings = { BINANCE_REST_URL: simulator.restUrl, TOPIC_PREFIX: "x." }
      const kinds = yield* command(["streams"], settings)
      assert.strictEqual(kinds.code, 0, kinds.stderr)
      assert.match(kinds.stdout, /^kline: candles\n {2}streams {2}<symbol>@kline_1s, .*\n {2}topic {4}x\.raw_klines /m)
      assert.match(kinds.stdout, /^ {4}k\.T {2,}close time \(Unix ms\)$/m)
      const json = JSON.parse((yield* command(["streams", "--json"], settings)).stdout)
      assert.deepInclude(json[0], { kind: "trade", topic: "x.raw_trades", history: true, order: "ids" })
      assert.deepStrictEqual(json[0].fields.t, { description: "trade id", type: "integer" })

      const some = yield* command(["streams", "--symbols", "usdt$"], settings)
      assert.deepStrictEqual([some.code, some.stdout], [0, "  symbol   status\n  BTCUSDT  TRADING\n"])
      const none = yield* command(["streams", "--symbols", "^X", "--json"], settings)
      assert.deepStrictEqual([none.code, none.stdout], [1, "[]\n"])
      const patterns = { ...settings, BINANCE_STREAMS: "*usdt@trade,-shib*@*,btcusdt@ticker" }
      const resolved = yield* command(["streams", "--resolve"], patterns)
      assert.deepStrictEqual(
        [resolved.code, resolved.stdout],
        [
          0,
          "  item            streams  names\n  btcusdt@ticker  1        btcusdt@ticker\n  *usdt@trade     1        btcusdt@trade\n  -shib*@*        0\n2 streams\n"
        ]
      )
      const idle = yield* command(["streams", "--resolve", "--json"], { ...settings, BINANCE_STREAMS: "*eur@trade" })
      assert.strictEqual(idle.code, 1)
      assert.deepStrictEqual(JSON.parse(idle.stdout), { streams: [], items: [{ item: "*eur@trade", streams: [] }] })
      assert.include(idle.stderr, "*eur@trade comes to nothing: the connector would not start")
      const broken = yield* command(["streams", "--symbols", "("], settings)
      assert.deepStrictEqual([broken.code, broken.stdout], [2, ""])
      assert.match(
        broken.stderr,
        /^binance-kafka-connector: .*--symbols.*a regular expression.*Unterminated group.*\n$/
      )
    })
  )

  it.live("verify: 2 and a line where there is nothing to read, or bad settings", () =>
    Effect.gen(function* () {
      const absent = yield* command(["verify"], { SINK: "local" })
      assert.deepStrictEqual([absent.code, absent.stdout], [2, ""])
      assert.match(absent.stderr, /DATA_DIR: cannot read data\/log.sqlite: no such file/)
      const unreadable = yield* command(["verify"], { SINK: "console" })
      assert.strictEqual(unreadable.code, 2)
      assert.match(unreadable.stderr, /SINK=console/)
      const bad = yield* command(["verify"], { BATCH_SIZE: "none" })
      assert.strictEqual(bad.code, 2)
      assert.include(bad.stderr, "BATCH_SIZE=none")
    })
  )

  it.live("verify: gives no answer when it is interrupted", () =>
    Effect.gen(function* () {
      // Nobody listens there: it is waited for.
      const program = yield* Program.start(
        { KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:1", LOG_LEVEL: "DEBUG", LOG_FORMAT: "json" },
        {},
        undefined,
        ["verify"]
      )
      yield* program.says(/ECONNREFUSED/)
      yield* program.signal("SIGINT")
      const { code, stdout } = yield* program.ended
      assert.deepStrictEqual([code, stdout], [130, ""])
    })
  )

  it.live("verify: proves a log that is whole", () =>
    Effect.gen(function* () {
      const settings = yield* logOf(trades(range(1, 2500)))
      const { code, stderr, stdout } = yield* command(["verify"], settings)
      assert.strictEqual(code, 0, stderr)
      assert.match(stdout, /^ {2}raw_trades {2}trade {3}BTCUSDT {5}2500 .* 2500 /m)
      assert.strictEqual(lastLine(stdout), PROVED)
      const quiet = yield* command(["verify", "--quiet"], settings)
      assert.deepStrictEqual([quiet.code, quiet.stdout, quiet.stderr], [0, `${PROVED}\n`, ""])
      const elsewhere = yield* command(["verify", "--topic", "raw_trodes"], settings)
      assert.strictEqual(elsewhere.code, 2)
      assert.match(elsewhere.stderr, /--topic raw_trodes: there is no such topic/)
    })
  )

  it.live("verify: names what is missing, and what is known of it", () =>
    Effect.gen(function* () {
      const opened = ContinuityRecord.make(
        { market: "spot", topic: "continuity", instance: "connector-1", at: 7 },
        { type: "gap-opened", stream: "btcusdt@trade", symbol: "BTCUSDT", from: 7, to: 8, reason: "REST", late: false }
      )
      const settings = yield* logOf([...trades([1, 2, 2, 4, 5, 6, 9]), opened])
      const { code, stdout } = yield* command(["verify"], settings)
      assert.strictEqual(code, 1)
      assert.match(stdout, /raw_trades trade BTCUSDT: 3 \(1 id\): MISSING$/m)
      assert.match(stdout, /raw_trades trade BTCUSDT: 7 to 8 \(2 ids\): known to be open/)
      assert.match(stdout, /gap-opened at 1970-\S+ by connector-1: REST/)
      assert.match(lastLine(stdout) ?? "", /^NOT PROVED/)

      const json = yield* command(["verify", "--json"], settings)
      assert.strictEqual(json.code, 1)
      const { complete, series, sha256, topics } = JSON.parse(json.stdout)
      const recomputed = execFileSync("sh", ["-c", digestCommand], {
        input: json.stdout,
        encoding: "utf8",
        cwd: settings.DATA_DIR
      })
      assert.strictEqual(recomputed.trim(), sha256)
      assert.strictEqual(complete, false)
      assert.deepStrictEqual(topics[0], { topic: "raw_trades", partitions: [{ partition: 0, from: 0, to: 7 }] })
      assert.deepStrictEqual(series[0].ranges, [
        [1, 2],
        [4, 6],
        [9, 9]
      ])
      assert.strictEqual(series[0].duplicates, 1)
    })
  )

  it.live("repair: says what it would do, does it, and verifies again", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ rate: 500 })
      const rest = { BINANCE_REST_URL: simulator.restUrl, BINANCE_WS_URL: simulator.wsUrl }
      const ledger = simulator.ledger
      const stored = yield* Program.start({
        ...rest,
        SINK: "local",
        BINANCE_STREAMS: "btcusdt@trade",
        HTTP_PORT: "0",
        DATA_DIR: "."
      })
      yield* Effect.sync(() => ledger.pushed.get("btcusdt@trade")?.count ?? 0).pipe(
        Effect.repeat({ until: (count) => count > 200, schedule: Schedule.spaced("50 millis") })
      )
      yield* stored.signal("SIGTERM")
      assert.strictEqual((yield* stored.ended).code, 0)
      const settings = { ...rest, SINK: "local", DATA_DIR: stored.folder }
      assert.strictEqual((yield* command(["verify"], settings)).code, 0)
      remove(stored.folder, [50, 51, 52, 90])

      const verdict = yield* command(["verify"], settings)
      assert.strictEqual(verdict.code, 1)
      const dry = yield* command(["repair", "--dry-run"], settings)
      assert.strictEqual(dry.code, 1, dry.stderr)
      assert.match(dry.stdout, /btcusdt@trade: would fetch \d+ to \d+ \(3 ids\), about 1 request/)
      assert.match(dry.stdout, /^To repair: 2 holes, about 2 requests. Nothing is written.$/m)
      assert.strictEqual((yield* command(["verify"], settings)).stdout, verdict.stdout)

      const repaired = yield* command(["repair"], settings)
      assert.strictEqual(repaired.code, 0, repaired.stderr + repaired.stdout)
      assert.match(repaired.stdout, /btcusdt@trade: \d+ to \d+ filled/)
      assert.strictEqual(lastLine(repaired.stdout), PROVED)
      const again = yield* command(["repair", "--dry-run"], settings)
      assert.strictEqual(again.code, 0)
    })
  )
})
