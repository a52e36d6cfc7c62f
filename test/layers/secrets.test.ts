/** Every place that tells people of settings is given secrets, and must not tell them. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { TestConsole } from "effect/testing"
import * as AppConfig from "../../src/layers/AppConfig.ts"
import * as Launch from "../../src/layers/Launch.ts"
import * as Logging from "../../src/layers/Logging.ts"
import { variables } from "../../src/schema/settings/variables.ts"
import type { SettingsError } from "../../src/services/AppConfig.ts"

const SECRET = "hunter2secret"

/** What settings with secrets look like in the environment. */
const secrets = {
  KAFKA_SASL_MECHANISM: "plain",
  KAFKA_SASL_USERNAME: "app",
  KAFKA_SASL_PASSWORD: SECRET,
  BINANCE_WS_URL: `wss://user:${SECRET}@example.com/stream`,
  BINANCE_REST_URL: `https://user:${SECRET}@example.com`,
  OTEL_EXPORTER_OTLP_ENDPOINT: `http://user:${SECRET}@127.0.0.1:4318`
}

/** What is written to stderr by a start with these settings. */
const told = (environment: Readonly<Record<string, string>>, format: "json" | "pretty") => {
  const config = AppConfig.layerFromRecord({ ...environment, LOG_FORMAT: format, LOG_LEVEL: "DEBUG" })
  return Effect.gen(function* () {
    const program = AppConfig.announce.pipe(
      Launch.logEnd,
      Effect.provide(Logging.layerOf(false).pipe(Layer.provideMerge(config))),
      Effect.catchTag("SettingsError", (error: SettingsError) => Effect.succeed(error.message))
    )
    const fault = yield* program
    const lines = [...(yield* TestConsole.errorLines), ...(yield* TestConsole.logLines)].map(String)
    return [...lines, fault ?? ""].join("\n")
  }).pipe(Effect.provide(TestConsole.layer))
}

describe("secrets", () => {
  for (const format of ["json", "pretty"] as const) {
    it.effect(`are not in the line of the settings (${format})`, () =>
      Effect.gen(function* () {
        const text = yield* told(secrets, format)
        assert.include(text, "example.com")
        assert.notInclude(text, SECRET)
      })
    )
  }

  it.effect("are not in the message of a bad value, a secret itself or an address with one", () =>
    Effect.gen(function* () {
      const addresses = /URL|ENDPOINT|SERVERS/
      for (const { name, secret } of variables.filter((one) => one.secret === true || addresses.test(one.name))) {
        const value = secret === true ? ` ${SECRET} ` : `nonsense://user:${SECRET}@host:9092`
        assert.notInclude(yield* told({ [name]: value }, "json"), SECRET, name)
      }
    })
  )

  it.effect("are not in what is said of the files that hold them", () =>
    Effect.gen(function* () {
      const folder = mkdtempSync(join(tmpdir(), "secrets-"))
      const file = join(folder, "secret")
      writeFileSync(file, SECRET)
      const files = { KAFKA_SSL: "true", KAFKA_SSL_KEY_FILE: file, KAFKA_SSL_CERT_FILE: file, KAFKA_SSL_CA_FILE: file }
      const password = { KAFKA_SASL_MECHANISM: "plain", KAFKA_SASL_USERNAME: "app", KAFKA_SASL_PASSWORD_FILE: file }
      assert.notInclude(yield* told(files, "json"), SECRET)
      assert.notInclude(yield* told(password, "json"), SECRET)
      rmSync(folder, { recursive: true })
    })
  )
})
