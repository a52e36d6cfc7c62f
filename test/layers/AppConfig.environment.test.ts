import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import * as AppConfigLayer from "../../src/layers/AppConfig.ts"
import { faultsOf, settingsIn, type Written } from "../support/settingsFrom.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

describe("the environment and a .env file", () => {
  const read = Effect.fnUntraced(function* (
    environment: Readonly<Record<string, string | undefined>>,
    content?: string
  ) {
    const file = join(yield* temporaryFolder, ".env")
    if (content !== undefined) writeFileSync(file, content)
    return yield* settingsIn(AppConfigLayer.layerFromEnvironment(environment, file))
  })

  it.live("are read in this order, what is blank counting as unset", () =>
    Effect.gen(function* () {
      const settings = yield* read(
        { BATCH_SIZE: "5", SINK: undefined, KAFKA_ACKS: " " },
        "BATCH_SIZE=7\nHTTP_PORT=0\nSINK=console\nKAFKA_ACKS=all\n"
      )
      assert.strictEqual(settings.batch.size, 5)
      assert.strictEqual(settings.http.port, 0)
      assert.strictEqual(settings.sink, "console")
      assert.strictEqual(settings.kafka.acks, "all")
    })
  )

  it.live("may do without the file", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* read({ BATCH_SIZE: "5" })).batch.size, 5)
    })
  )

  it.live("tell a broken file together with bad settings", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* faultsOf(read({ BATCH_SIZE: "0" }, "SINK=local\nhunter2\n")), [
        ".env, line 2: expected NAME=value, for example BATCH_SIZE=100",
        "BATCH_SIZE=0: expected a whole number from 1 to 100000, for example 100"
      ])
    })
  )

  it.live("tell a file that cannot be read", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      mkdirSync(join(folder, ".env"))
      assert.deepStrictEqual(
        yield* faultsOf(settingsIn(AppConfigLayer.layerFromEnvironment({}, join(folder, ".env")))),
        [".env cannot be read: it is no regular file"]
      )
    })
  )

  it.live("warn of mistyped names in both", () =>
    Effect.gen(function* () {
      const { notices } = yield* read({ KAFKA_ACK: "1", KAFKA_OPTS: "-X" }, "BATCHSIZE=1\n")
      assert.deepStrictEqual(notices, [
        "KAFKA_ACK is no setting: did you mean KAFKA_ACKS?",
        "BATCHSIZE is no setting: did you mean BATCH_SIZE?"
      ])
    })
  )
})

describe("what is said at the start", () => {
  const announced = Effect.fnUntraced(function* (record: Written) {
    const lines: Array<string> = []
    const logger = Logger.map(Logger.formatJson, (line) => void lines.push(line))
    yield* AppConfigLayer.announce.pipe(
      Effect.provide([AppConfigLayer.layerFromRecord(record), Logger.layer([logger])])
    )
    return lines.map((line) => JSON.parse(line) as { level: string; message: string; annotations: Written })
  })

  it.effect("is one line with every setting, secrets redacted", () =>
    Effect.gen(function* () {
      const lines = yield* announced({
        BATCH_SIZE: "7",
        KAFKA_SASL_MECHANISM: "plain",
        KAFKA_SASL_USERNAME: "u",
        KAFKA_SASL_PASSWORD: "hunter2",
        BINANCE_REST_URL: "https://u:hunter2@host/,https://v:hunter2@other"
      })
      assert.deepStrictEqual(
        lines.map(({ level, message }) => `${level} ${message}`),
        ["INFO Settings"]
      )
      const annotations: Written = lines[0]?.annotations ?? {}
      assert.strictEqual(annotations["BATCH_SIZE"], "7")
      assert.strictEqual(annotations["KAFKA_ACKS"], "1")
      assert.strictEqual(annotations["TOPIC_RAW_TRADES"], "raw_trades")
      assert.strictEqual(annotations["KAFKA_SASL_PASSWORD"], "<redacted>")
      assert.strictEqual(annotations["BINANCE_REST_URL"], "https://<redacted>@host/,https://<redacted>@other")
      assert.match(annotations["LOG_FORMAT"] ?? "", /^(json|pretty)$/)
      assert.notProperty(annotations, "OTEL_EXPORTER_OTLP_ENDPOINT")
      assert.notInclude(JSON.stringify(lines), "hunter2")
    })
  )

  it.effect("warns of mistyped names and of what has no effect", () =>
    Effect.gen(function* () {
      const lines = yield* announced({ KAFKA_ACK: "1", BATCH_CHECK_INTERVAL_MS: "10" })
      assert.deepStrictEqual(
        lines.slice(1).map(({ level, message }) => `${level} ${message}`),
        [
          "WARN KAFKA_ACK is no setting: did you mean KAFKA_ACKS?",
          "WARN BATCH_CHECK_INTERVAL_MS has no effect: timers made it unnecessary"
        ]
      )
    })
  )
})
