import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Queue } from "effect"
import * as Store from "../src/layers/spool/Store.ts"
import * as Exchange from "./support/exchange.ts"
import { goodFrame } from "./support/hostile.ts"
import * as Program from "./support/program.ts"

const quiet = { HTTP_PORT: "0", BINANCE_STREAMS: "btcusdt@trade", BINANCE_REST_URL: "http://127.0.0.1:1" }

/** Sends so many trades and waits until the program has read them all: its pong comes behind them. */
const deliver = Effect.fnUntraced(function* ({ pongs, socket }: Exchange.Accepted, trades: number, first = 1) {
  for (let t = first; t < first + trades; t++) socket.send(goodFrame(t))
  socket.ping("sent")
  assert.strictEqual(yield* Queue.take(pongs), "sent")
})

describe("node dist/Main.js", () => {
  it.live("ends before any connection over bad settings, with all of them listed", () =>
    Effect.gen(function* () {
      const exchange = yield* Exchange.make()
      const program = yield* Program.start({
        ...quiet,
        BINANCE_WS_URL: exchange.url.href,
        SINK: "console",
        BATCH_SIZE: "1.5",
        HTTP_PORT: "99999",
        KAFKA_ACKS: "two",
        KAFKA_COMPRESION: "gzip"
      })
      const { code, stderr, stdout } = yield* program.ended
      assert.strictEqual(code, 1)
      for (const name of ["BATCH_SIZE", "HTTP_PORT", "KAFKA_ACKS", "KAFKA_COMPRESSION"]) assert.include(stderr, name)
      assert.strictEqual(stdout, "")
      assert.strictEqual(yield* Queue.size(exchange.attempts), 0)
    })
  )

  it.live("reads a .env file, the environment first", () =>
    Effect.gen(function* () {
      const program = yield* Program.start(
        { ...quiet, BATCH_SIZE: "0" },
        { ".env": "BATCH_SIZE=7\nKAFKA_ACKS=from-the-file\n" }
      )
      const { stderr } = yield* program.ended
      assert.match(stderr, /BATCH_SIZE=0/)
      assert.include(stderr, "from-the-file")
    })
  )

  it.live("names a proxy variable that it cannot use, and shows no password of it", () =>
    Effect.gen(function* () {
      const program = yield* Program.start({ ...quiet, HTTPS_PROXY: "http://user:secret@:x", all_proxy: "ftp://a" })
      const { code, stderr } = yield* program.ended
      assert.strictEqual(code, 1)
      assert.match(stderr, /HTTPS_PROXY: expected/)
      assert.match(stderr, /all_proxy: expected/)
      assert.notInclude(stderr, "secret")
    })
  )

  it.live("ends before any connection over a port that is taken", () =>
    Effect.gen(function* () {
      const exchange = yield* Exchange.make()
      const program = yield* Program.start({
        ...quiet,
        BINANCE_WS_URL: exchange.url.href,
        SINK: "console",
        HTTP_PORT: exchange.url.port
      })
      const { code, stderr } = yield* program.ended
      assert.strictEqual(code, 1)
      assert.match(stderr, /HTTP_PORT=\d+: .* is taken by another program/)
      assert.strictEqual(yield* Queue.size(exchange.attempts), 0)
    })
  )

  it.live("replays a file to the console and ends with 0", () =>
    Effect.gen(function* () {
      const frames = [goodFrame(1), "garbage", goodFrame(2)]
      const program = yield* Program.start(
        { ...quiet, FEED: "replay", REPLAY_FILE: "frames.ndjson", SINK: "console", LOG_LEVEL: "ERROR" },
        { "frames.ndjson": `${frames.join("\n")}\n` }
      )
      const { code, stderr, stdout } = yield* program.ended
      assert.strictEqual(code, 0, stderr)
      const records = stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as { topic: string; key: string })
      assert.deepStrictEqual(records.map(({ key, topic }) => `${topic} ${key}`).toSorted(), [
        "dead_letter unknown",
        "raw_trades BTCUSDT",
        "raw_trades BTCUSDT"
      ])
    })
  )

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it.live(`stores what it has received when it gets ${signal}, and ends with 0`, () =>
      Effect.gen(function* () {
        const exchange = yield* Exchange.make()
        const program = yield* Program.start({
          ...quiet,
          BINANCE_WS_URL: exchange.url.href,
          SINK: "console",
          // Longer than the test: only the stop can flush.
          BATCH_TIMEOUT_MS: "60000",
          BATCH_SIZE: "100000"
        })
        const connection = yield* Queue.take(exchange.connections)
        yield* deliver(connection, 500)
        yield* program.signal(signal)
        const { code, stderr, stdout } = yield* program.ended
        assert.strictEqual(code, 0, stderr)
        assert.strictEqual(yield* Queue.take(connection.closed), 1000)
        const ids = stdout
          .trim()
          .split("\n")
          .map((line) => (JSON.parse(line) as { value: { original_data: { t: number } } }).value.original_data.t)
        assert.deepStrictEqual(
          ids,
          Array.from({ length: 500 }, (_, n) => n + 1)
        )
      })
    )
  }

  it.live("goes on when nobody reads its log any more", () =>
    Effect.gen(function* () {
      const exchange = yield* Exchange.make()
      const program = yield* Program.start({ ...quiet, BINANCE_WS_URL: exchange.url.href, SINK: "console" })
      const connection = yield* Queue.take(exchange.connections)
      program.child.stderr?.destroy()
      yield* deliver(connection, 1)
      connection.socket.close()
      yield* deliver(yield* Queue.take(exchange.connections), 1, 2)
      yield* program.signal("SIGTERM")
      const { code, stdout } = yield* program.ended
      assert.strictEqual(code, 0)
      assert.strictEqual(stdout.trim().split("\n").length, 2)
    })
  )

  it.live("ends at once by a second signal", () =>
    Effect.gen(function* () {
      const exchange = yield* Exchange.make()
      const program = yield* Program.start({
        ...quiet,
        BINANCE_WS_URL: exchange.url.href,
        // Nobody listens there: the first signal has to wait for its deadline.
        KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:1"
      })
      const { socket } = yield* Queue.take(exchange.connections)
      socket.send(goodFrame(1))
      yield* program.says(/Data flows/)
      yield* program.signal("SIGTERM")
      yield* program.says(/Stopping/)
      yield* program.signal("SIGTERM")
      const { code } = yield* program.ended
      assert.strictEqual(code, 130)
    })
  )

  it.live("leaves on the disk what Kafka does not take until it stops, says so, and ends with 0", () =>
    Effect.gen(function* () {
      const exchange = yield* Exchange.make()
      const program = yield* Program.start({
        ...quiet,
        BINANCE_WS_URL: exchange.url.href,
        KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:1"
      })
      yield* deliver(yield* Queue.take(exchange.connections), 50)
      yield* program.signal("SIGTERM")
      const { code, stderr } = yield* program.ended
      assert.strictEqual(code, 0, stderr)
      assert.match(stderr, /Records wait on the disk: the next start stores them.*DATA_DIR/, stderr)
      assert.match(stderr, /"records":50/, stderr)
      assert.isNotEmpty(readdirSync(join(program.folder, "data", "spool")).filter((name) => name.endsWith(".seg")))
    })
  )

  it.live("has on the disk what it received when it is killed, with SPOOL=always", () =>
    Effect.gen(function* () {
      const exchange = yield* Exchange.make()
      const port = 20_000 + (Number(exchange.url.port) % 10_000)
      const program = yield* Program.start({
        ...quiet,
        BINANCE_WS_URL: exchange.url.href,
        KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:1",
        SPOOL: "always",
        HTTP_PORT: String(port)
      })
      yield* deliver(yield* Queue.take(exchange.connections), 250)
      yield* Effect.tryPromise(async () => (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).pipe(
        Effect.orElseSucceed(() => ""),
        Effect.repeat({ until: (page) => /^binance_kafka_spool_records(?:{[^}]*})? 250$/m.test(page) })
      )
      yield* program.signal("SIGKILL")
      yield* program.ended
      const store = yield* Store.open({
        folder: join(program.folder, "data", "spool"),
        maxBytes: 1e9,
        segmentBytes: 1e6,
        fsync: false
      })
      const { damaged, entries } = yield* store.read(1e9)
      assert.strictEqual(damaged, 0)
      assert.deepStrictEqual(
        entries.map(({ record }) => record.headers["event-id"]),
        Array.from({ length: 250 }, (_, n) => `binance:spot:trade:BTCUSDT:${n + 1}`)
      )
    }).pipe(Effect.scoped)
  )

  it.live("says how much it could not store when Kafka stays away and there is no spool, and ends with 1", () =>
    Effect.gen(function* () {
      const exchange = yield* Exchange.make()
      const program = yield* Program.start({
        ...quiet,
        BINANCE_WS_URL: exchange.url.href,
        KAFKA_BOOTSTRAP_SERVERS: "127.0.0.1:1",
        SPOOL: "off"
      })
      yield* deliver(yield* Queue.take(exchange.connections), 50)
      yield* program.signal("SIGTERM")
      const { code, stderr } = yield* program.ended
      assert.strictEqual(code, 1)
      assert.match(stderr, /stopped with at least 50 records not stored/, stderr)
    })
  )

  it("is a command", () => {
    assert.match(readFileSync(new URL("../src/Main.ts", import.meta.url), "utf8"), /^#!\/usr\/bin\/env node\n/)
  })
})
