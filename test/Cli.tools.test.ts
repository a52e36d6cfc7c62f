import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Schedule } from "effect"
import * as HealthState from "../src/layers/HealthState.ts"
import * as LocalLog from "../src/layers/LocalLog.ts"
import type { SinkRecord } from "../src/schema/SinkRecord.ts"
import { EventSink } from "../src/services/EventSink.ts"
import * as Simulator from "../src/simulator/Simulator.ts"
import { command, linesOf, start } from "./support/commands.ts"
import { settingsLayer } from "./support/settings.ts"
import { range, recordOf, trade } from "./support/tape.ts"
import { temporaryFolder } from "./support/temporaryFolder.ts"

const publish = (dataDir: string, records: ReadonlyArray<SinkRecord>) =>
  Effect.flatMap(EventSink, ({ publish }) => publish(records)).pipe(
    Effect.provide(LocalLog.layer.pipe(Layer.provide([settingsLayer({ dataDir }), HealthState.layer])))
  )

const trades = (first: number, last: number) => range(first, last).map((id) => recordOf("btcusdt@trade", trade(id)))

describe("tail", () => {
  it.live("prints the last records and those that come, and 0 when it is interrupted", () =>
    Effect.gen(function* () {
      const dataDir = yield* temporaryFolder
      const settings = { SINK: "local", DATA_DIR: dataDir }
      yield* publish(dataDir, trades(1, 20))
      const following = yield* start(["tail", "trade", "--from", "-2"], settings)
      let shown = ""
      following.child.stdout?.on("data", (data) => (shown += String(data)))
      const shows = (pattern: RegExp) =>
        Effect.repeat(
          Effect.sync(() => shown),
          { until: (text) => pattern.test(text), schedule: Schedule.spaced("20 millis") }
        )
      yield* shows(/id=20 /)
      yield* publish(dataDir, trades(21, 22))
      yield* shows(/id=22 /)
      yield* following.signal("SIGINT")
      const { code, stderr, stdout } = yield* following.ended
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.deepStrictEqual(
        linesOf(stdout).map((line) => / id=(\d+) /.exec(line)?.[1]),
        ["19", "20", "21", "22"]
      )
    })
  )

  it.live("ends where it was told to, with what was asked for, as JSON too", () =>
    Effect.gen(function* () {
      const dataDir = yield* temporaryFolder
      const settings = { SINK: "local", DATA_DIR: dataDir }
      const other = recordOf("ethusdt@trade", trade(5, "ETHUSDT"))
      yield* publish(dataDir, [...trades(1, 20), other])
      const some = yield* command(
        ["tail", "raw_trades", "--from=earliest", "--filter", "/id=1[1-9] /", "--symbol=btcusdt", "-n", "2"],
        settings
      )
      assert.deepStrictEqual(
        linesOf(some.stdout).map((line) => / id=(\d+) /.exec(line)?.[1]),
        ["11", "12"]
      )
      const json = yield* command(["tail", "trade", "--json", "--no-follow", "--symbol=ETHUSDT"], settings)
      assert.deepStrictEqual(JSON.parse(json.stdout), {
        topic: "raw_trades",
        partition: 0,
        offset: 20,
        key: "ETHUSDT",
        timestamp: other.timestamp,
        headers: other.headers,
        value: JSON.parse(Buffer.from(other.value).toString())
      })
    })
  )

  it.live("says that nothing is what was asked for", () =>
    Effect.gen(function* () {
      const dataDir = yield* temporaryFolder
      const settings = { SINK: "local", DATA_DIR: dataDir }
      yield* publish(dataDir, trades(1, 20))
      const ended = yield* command(["tail", "trade", "--no-follow", "--filter", "nope=1"], settings)
      assert.deepStrictEqual([ended.code, ended.stdout], [0, ""])
      assert.strictEqual(ended.stderr, "tail: none of 10 records is what --symbol and --filter ask for\n")
      const following = yield* start(["tail", "trade", "--symbol", "NOPE"], settings)
      yield* following.says(/^tail: none of 10 records is what/)
      yield* following.signal("SIGINT")
      assert.strictEqual((yield* following.ended).code, 0)
    })
  )

  it.live("ends quietly when nobody reads any more", () =>
    Effect.gen(function* () {
      const dataDir = yield* temporaryFolder
      yield* publish(dataDir, trades(1, 5000))
      const tail = yield* start(["tail", "trade", "--from", "earliest"], { SINK: "local", DATA_DIR: dataDir })
      tail.child.stdout?.once("data", () => tail.child.stdout?.destroy())
      // It hears of it with its next line.
      yield* Effect.raceFirst(
        tail.ended,
        publish(dataDir, trades(5001, 5001)).pipe(Effect.andThen(Effect.sleep("300 millis")), Effect.forever)
      )
      const { code, stderr } = yield* tail.ended
      assert.deepStrictEqual([code, stderr], [0, ""])
    })
  )

  it.live("says that there is no such topic", () =>
    Effect.gen(function* () {
      const dataDir = yield* temporaryFolder
      yield* publish(dataDir, trades(1, 1))
      const { code, stderr, stdout } = yield* command(["tail", "none"], { SINK: "local", DATA_DIR: dataDir })
      assert.deepStrictEqual([code, stdout], [2, ""])
      assert.match(stderr, /^binance-kafka-connector: there is no topic none: [^\n]*\n$/)
    })
  )
})

describe("simulate", () => {
  it.live("prints its addresses as settings, plays its script, and 0 when it is interrupted", () =>
    Effect.gen(function* () {
      const simulating = yield* start(
        ["simulate", "--port", "0", "--symbols", "btcusdt,xyzusdt", "--script", "faults.txt", "--fault", "0s rest 418"],
        {},
        { "faults.txt": "# now\n100ms mute xyzusdt@trade for 100ms\n" }
      )
      let shown = ""
      simulating.child.stdout?.on("data", (data) => (shown += String(data)))
      yield* simulating.says(/over: mute xyzusdt@trade for 100ms/)
      const url = /BINANCE_REST_URL=(.*)/.exec(shown)?.[1]
      const { status } = yield* Effect.promise(() => fetch(`${url}/api/v3/time`))
      assert.strictEqual(status, 418)
      const recorded = yield* command(["record", "a.ndjson", "--frames", "3"], {
        BINANCE_WS_URL: /BINANCE_WS_URL=(.*)/.exec(shown)?.[1] ?? "",
        BINANCE_STREAMS: "xyzusdt@trade"
      })
      assert.strictEqual(recorded.code, 0, recorded.stderr)
      yield* simulating.signal("SIGINT")
      const { code, stdout } = yield* simulating.ended
      assert.strictEqual(code, 0)
      assert.match(
        stdout,
        /^BINANCE_WS_URL=ws:\/\/127\.0\.0\.1:\d+\/stream\nBINANCE_REST_URL=http:\/\/127\.0\.0\.1:\d+\n$/
      )
    })
  )

  it.live("says what is wrong with a script, with the line, and who has the port", () =>
    Effect.gen(function* () {
      const script = yield* command(
        ["simulate", "--script", "faults.txt", "--fault", "later"],
        {},
        { "faults.txt": "1s cut\n2s mute dogeusdt@trade\n" }
      )
      assert.strictEqual(script.code, 2)
      assert.match(script.stderr, /faults.txt, line 2: mute takes a stream of BTCUSDT, ETHUSDT, BNBUSDT/)
      assert.match(script.stderr, /--fault, line 1: "later" is no time/)
      const twice = yield* command(["simulate", "--port", "0", "--symbols", "btcusdt,BTCUSDT"])
      assert.strictEqual(twice.code, 2)
      assert.match(twice.stderr, /symbols: BTCUSDT is there twice/)
      const { port } = yield* Simulator.make({ rate: 0 })
      const taken = yield* command(["simulate", "--port", String(port)])
      assert.strictEqual(taken.code, 2)
      assert.match(taken.stderr, /another program listens there; --port 0 takes a free one/)
    })
  )
})

describe("demo", () => {
  it.live("proves that nothing was lost", () =>
    Effect.gen(function* () {
      const { ended, folder } = yield* start(["demo", "--seconds", "2"])
      const { code, stdout, stderr } = yield* ended
      assert.strictEqual(code, 0, stderr + stdout)
      assert.match(stdout, /raw_trades +trade +BTCUSDT .* same bytes\n/)
      assert.match(stdout, /PROVED: nothing missing, nothing twice, nothing out of order\.\n$/)
      // As it stands there, in a shell whose own Node is none.
      const [, line = ""] = /Ask it yourself:\n(.*)\n/.exec(stdout) ?? []
      const shown = execFileSync("/bin/sh", ["-c", line], { cwd: folder, env: { PATH: "/nowhere" }, encoding: "utf8" })
      assert.match(shown, /USDT/)
    })
  )

  it.live("names what is too much, and asks Kafka before it begins", () =>
    Effect.gen(function* () {
      const long = yield* command(["demo", "--seconds", "99999999999"])
      assert.strictEqual(long.code, 2)
      assert.match(long.stderr, /--seconds.*a whole number from 1 to 86400/)
      const much = yield* command(["demo", "--seconds", "80000", "--rate", "1000"])
      assert.strictEqual(much.code, 2)
      assert.match(much.stderr, /--seconds 80000 at --rate 1000: .* give less of either/)
      const alone = yield* command(["demo", "--kafka"], { KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:1" })
      assert.deepStrictEqual([alone.code, alone.stdout], [2, ""])
      assert.match(alone.stderr, /^binance-kafka-connector: --kafka: no Kafka can be asked: .*ECONNREFUSED/)
    })
  )

  it.live("touches no folder that is not its own", () =>
    Effect.gen(function* () {
      const { ended, folder } = yield* start(["demo"], {}, { "data/demo/precious": "" })
      const { code, stderr } = yield* ended
      assert.strictEqual(code, 2)
      assert.match(stderr, /data\/demo holds files that are not the demo's/)
      assert.isTrue(existsSync(join(folder, "data/demo/precious")))
    })
  )
})
