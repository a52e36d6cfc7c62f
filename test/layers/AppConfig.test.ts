import { writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Option } from "effect"
import { faultsOf, settingsFrom } from "../support/settingsFrom.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

describe("good settings", () => {
  it.effect("have the defaults where nothing is set", () =>
    Effect.gen(function* () {
      const { binance, kafka, topics, ...rest } = yield* settingsFrom({})
      assert.deepStrictEqual(
        binance.restUrls.map(({ origin }) => origin),
        ["https://api.binance.com"]
      )
      assert.strictEqual(binance.restWeightShare, 0.5)
      assert.strictEqual(binance.wsUrls[0].href, "wss://stream.binance.com:9443/stream")
      assert.deepStrictEqual(
        binance.streams.map(({ name }) => name),
        ["btcusdt@trade", "ethusdt@trade", "bnbusdt@trade", "btcusdt@kline_1m", "ethusdt@kline_1m", "btcusdt@ticker"]
      )
      assert.deepStrictEqual(
        [binance.pingInterval, binance.reconnectMaxDelay, binance.connectionTimeout, binance.silenceTimeout].map(
          Duration.toSeconds
        ),
        [180, 60, 10, 60]
      )
      assert.strictEqual(binance.lines, 1)
      assert.deepStrictEqual(binance.rollover, { after: Duration.hours(23), window: Option.none() })
      assert.deepStrictEqual(binance.streamStale, Option.none())
      assert.deepStrictEqual(kafka, {
        client: "kafkajs",
        bootstrapServers: ["localhost:9092"],
        clientId: "binance-kafka-connector",
        patches: true,
        compression: "snappy",
        acks: "1",
        tls: Option.none(),
        sasl: Option.none()
      })
      assert.strictEqual(topics.data.get("trade"), "raw_trades")
      assert.deepStrictEqual(
        { ...topics, data: undefined },
        {
          data: undefined,
          deadLetter: "dead_letter",
          continuity: "continuity",
          positions: "positions",
          shards: "shards",
          create: true,
          partitions: 6,
          replicationFactor: Option.none()
        }
      )
      assert.strictEqual(rest.feed, "binance")
      assert.strictEqual(rest.sink, "kafka")
      assert.strictEqual(rest.dataDir, "./data")
      assert.deepStrictEqual(rest.spool, { mode: "auto", maxBytes: 10 * 2 ** 30, fsync: false })
      assert.strictEqual(rest.batch.size, 100)
      assert.strictEqual(Duration.toMillis(rest.batch.timeout), 100)
      assert.deepStrictEqual(rest.http, { host: "127.0.0.1", port: 8080 })
      assert.strictEqual(rest.log.level, "Info")
      assert.strictEqual(rest.log.format, process.stderr.isTTY ? "pretty" : "json")
      assert.deepStrictEqual(rest.otel, {
        endpoint: Option.none(),
        serviceName: "binance-kafka-connector",
        ratio: 0.01
      })
      assert.deepStrictEqual(rest.notices, [])
    })
  )

  it.effect("counts bytes in the units that people write", () =>
    Effect.gen(function* () {
      for (const [text, bytes] of [
        ["1048576", 2 ** 20],
        ["2048KiB", 2 ** 21],
        ["500 mib", 500 * 2 ** 20],
        ["3GiB", 3 * 2 ** 30],
        ["1TIB", 2 ** 40]
      ] as const) {
        assert.strictEqual((yield* settingsFrom({ SPOOL_MAX_BYTES: text })).spool.maxBytes, bytes)
      }
    })
  )

  it.effect("may be blank, which is as if unset", () =>
    Effect.gen(function* () {
      const blank = { BATCH_SIZE: "", HTTP_PORT: "  ", KAFKA_SASL_PASSWORD: " ", LOG_FORMAT: "", KAFKA_SSL_CA_FILE: "" }
      const settings = yield* settingsFrom(blank)
      assert.deepStrictEqual(settings.shown, (yield* settingsFrom({})).shown)
    })
  )

  for (const [on, off] of [
    ["true", "false"],
    ["TRUE", "False"],
    ["1", "0"],
    ["yes", "NO"],
    [" On ", "off"]
  ] as const) {
    it.effect(`switch on by ${on} and off by ${off}`, () =>
      Effect.gen(function* () {
        assert.isTrue((yield* settingsFrom({ TOPIC_CREATE: on })).topics.create)
        assert.isFalse((yield* settingsFrom({ TOPIC_CREATE: off })).topics.create)
      })
    )
  }

  it.effect("tolerate blanks, case and repeats", () =>
    Effect.gen(function* () {
      const { binance, kafka, log, sink } = yield* settingsFrom({
        BINANCE_STREAMS: " BTCUSDT@trade,, btcusdt@trade ,ETHUSDT@kline_1M,!miniTicker@arr,",
        KAFKA_BOOTSTRAP_SERVERS: " a:1 , [::1]:9092,a:1,",
        KAFKA_ACKS: "ALL",
        KAFKA_COMPRESSION: "ZSTD",
        LOG_LEVEL: "warning",
        LOG_FORMAT: "Pretty",
        SINK: " Console "
      })
      assert.deepStrictEqual(
        binance.streams.map(({ name }) => name),
        ["btcusdt@trade", "ethusdt@kline_1M", "!miniTicker@arr"]
      )
      assert.deepStrictEqual(kafka.bootstrapServers, ["a:1", "[::1]:9092"])
      assert.deepStrictEqual([kafka.acks, kafka.compression, sink], ["all", "zstd", "console"])
      assert.deepStrictEqual(log, { level: "Warn", format: "pretty" })
    })
  )

  it.effect("may be fractions of seconds, and zero where it means off", () =>
    Effect.gen(function* () {
      const { binance, http } = yield* settingsFrom({
        PING_INTERVAL_SECONDS: "0",
        RECONNECT_MAX_DELAY_SECONDS: "0.5",
        SILENCE_TIMEOUT_SECONDS: ".25",
        HTTP_PORT: "0"
      })
      assert.isTrue(Duration.isZero(binance.pingInterval))
      assert.strictEqual(Duration.toMillis(binance.reconnectMaxDelay), 500)
      assert.strictEqual(Duration.toMillis(binance.silenceTimeout), 250)
      assert.strictEqual(http.port, 0)
    })
  )

  for (const [written, href] of [
    ["ws://localhost:9443", "ws://localhost:9443/stream"],
    ["wss://host/", "wss://host/stream"],
    ["wss://host/stream/", "wss://host/stream"],
    ["wss://host?timeUnit=MICROSECOND", "wss://host/stream?timeUnit=MICROSECOND"],
    ["wss://host/stream?", "wss://host/stream"],
    ["wss://host/stream#part", "wss://host/stream"]
  ] as const) {
    it.effect(`give the combined form of ${written}`, () =>
      Effect.gen(function* () {
        assert.strictEqual((yield* settingsFrom({ BINANCE_WS_URL: written })).binance.wsUrls[0].href, href)
      })
    )
  }

  it.effect("may name several addresses, the same one once", () =>
    Effect.gen(function* () {
      const written = "wss://one:9443/stream?timeUnit=millisecond, wss://two ,wss://two/stream"
      assert.deepStrictEqual(
        (yield* settingsFrom({ BINANCE_WS_URL: written })).binance.wsUrls.map(({ href }) => href),
        ["wss://one:9443/stream?timeUnit=millisecond", "wss://two/stream"]
      )
    })
  )

  it.effect("say when connections are replaced, in fractions of an hour or by a window over midnight", () =>
    Effect.gen(function* () {
      const { binance } = yield* settingsFrom({
        BINANCE_LINES: "2",
        ROLLOVER_HOURS: "0.0005",
        ROLLOVER_WINDOW_UTC: "23:30 - 00:15",
        STREAM_STALE_SECONDS: "90"
      })
      assert.strictEqual(binance.lines, 2)
      assert.strictEqual(Duration.toMillis(binance.rollover.after), 1800)
      assert.deepStrictEqual(
        Option.map(binance.rollover.window, ({ end, start }) => [start, end].map(Duration.toMinutes)),
        Option.some([1410, 15])
      )
      assert.deepStrictEqual(Option.map(binance.streamStale, Duration.toSeconds), Option.some(90))
    })
  )

  it.effect("put the prefix before every topic", () =>
    Effect.gen(function* () {
      const { topics } = yield* settingsFrom({
        TOPIC_PREFIX: "x.",
        TOPIC_RAW_KLINES: "candles",
        TOPIC_PARTITIONS: "12",
        TOPIC_REPLICATION_FACTOR: "3"
      })
      assert.strictEqual(topics.data.get("kline"), "x.candles")
      for (const topic of topics.data.values()) assert.match(topic, /^x\./)
      assert.deepStrictEqual([topics.deadLetter, topics.continuity], ["x.dead_letter", "x.continuity"])
      assert.strictEqual(topics.partitions, 12)
      assert.deepStrictEqual(topics.replicationFactor, Option.some(3))
    })
  )
})

describe("bad settings of the connections", () => {
  for (const [name, value, part] of [
    ["BINANCE_LINES", "3", "expected 1 or 2"],
    ["ROLLOVER_HOURS", "0", "above 0, at most 24"],
    ["ROLLOVER_HOURS", "24.5", "above 0, at most 24"],
    ["ROLLOVER_WINDOW_UTC", "3-4", "HH:MM-HH:MM"],
    ["ROLLOVER_WINDOW_UTC", "24:00-01:00", "HH:MM-HH:MM"],
    ["ROLLOVER_WINDOW_UTC", "03:00-03:00", "it begins when it ends"],
    ["STREAM_STALE_SECONDS", "0", "seconds above 0"],
    ["BINANCE_WS_URL", "wss://a,https://b", "BINANCE_WS_URL=https://b: expected"],
    ["BINANCE_WS_URL", "wss://a,wss://b/ws", "/ws does not say"],
    ["BINANCE_WS_URL", "wss://a,wss://u:hunter2@b?timeUnit=MICROSECOND", "its timeUnit is another than that of a"]
  ] as const) {
    it.effect(`are told: ${name}=${value}`, () =>
      Effect.gen(function* () {
        const faults = yield* faultsOf(settingsFrom({ [name]: value }))
        assert.strictEqual(faults.length, 1)
        assert.include(faults[0], part)
        assert.notInclude(faults[0], "hunter2")
      })
    )
  }
})

describe("a file of streams", () => {
  const readFile = Effect.fnUntraced(function* (content: string, others: Readonly<Record<string, string>> = {}) {
    const file = join(yield* temporaryFolder, "streams.txt")
    writeFileSync(file, content)
    return yield* settingsFrom({ STREAMS_FILE: file, ...others })
  })

  it.effect("is read in place of the variable, comments left out", () =>
    Effect.gen(function* () {
      const { binance } = yield* readFile("# ours\n\nbtcusdt@trade # the first\r\n*usdt@ticker\n-shibusdt@*\n")
      assert.deepStrictEqual(
        [...binance.streams.map(({ name }) => name), ...binance.patterns.map(({ text }) => text)],
        ["btcusdt@trade", "*usdt@ticker", "-shibusdt@*"]
      )
    })
  )

  it.effect("is refused whole, every fault with its line", () =>
    Effect.gen(function* () {
      const faults = yield* faultsOf(readFile("btcusdt@trade\n*usdt@trad\n\nbtcusdt\n"))
      assert.deepStrictEqual(
        faults.map((fault) => fault.replace(/^STREAMS_FILE=\S+ /, "")),
        [
          'line 2, *usdt@trad: "trad" is no stream kind: did you mean *usdt@trade?',
          "line 4, btcusdt: the stream's kind is missing after the symbol, such as btcusdt@trade"
        ]
      )
      assert.match((yield* faultsOf(readFile("# nothing")))[0] ?? "", /^STREAMS_FILE=.*: it names no stream, such as/)
      assert.match(
        (yield* faultsOf(settingsFrom({ STREAMS_FILE: "/nowhere/at/all" })))[0] ?? "",
        /^STREAMS_FILE=\/nowhere\/at\/all: there is no such file/
      )
    })
  )

  it.effect("and the variable are not both set; a replay needs names", () =>
    Effect.gen(function* () {
      const both = yield* faultsOf(readFile("btcusdt@trade", { BINANCE_STREAMS: "ethusdt@trade" }))
      assert.match(both.join(), /STREAMS_FILE=.*: BINANCE_STREAMS is set as well: unset one of the two/)
      const { binance } = yield* readFile("btcusdt@trade", { BINANCE_STREAMS: " " })
      assert.deepStrictEqual(
        binance.streams.map(({ name }) => name),
        ["btcusdt@trade"]
      )
      const replay = yield* faultsOf(settingsFrom({ FEED: "replay", BINANCE_STREAMS: "*usdt@trade" }))
      assert.include(
        replay,
        "BINANCE_STREAMS=*usdt@trade: FEED=replay asks no exchange which symbols there are: name the streams instead of *usdt@trade"
      )
      const only = yield* faultsOf(settingsFrom({ BINANCE_STREAMS: "-shibusdt@*" }))
      assert.match(only[0] ?? "", /^BINANCE_STREAMS=-shibusdt@\*: it only takes streams away; expected/)
    })
  )
})
