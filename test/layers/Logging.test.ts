import { assert, describe, it } from "@effect/vitest"
import { Cause, Effect, Layer, Option, Redacted, Tracer } from "effect"
import { TestClock, TestConsole } from "effect/testing"
import * as LiveSettingsLayer from "../../src/layers/LiveSettings.ts"
import * as Logging from "../../src/layers/Logging.ts"
import type { Settings } from "../../src/schema/Settings.ts"
import { LiveSettings } from "../../src/services/LiveSettings.ts"
import { settingsLayer } from "../support/settings.ts"

type Log = Settings["log"]

/** What the effect writes to stderr; nothing may go to stdout. */
const linesOf = (
  log: Log,
  effect: Effect.Effect<unknown>,
  { coloured = false, ...others }: Partial<Settings> & { readonly coloured?: boolean } = {}
) =>
  Effect.gen(function* () {
    yield* TestClock.setTime(1_700_000_000_123)
    yield* effect.pipe(Effect.provide(Logging.layerOf(coloured).pipe(Layer.provide(settingsLayer({ log, ...others })))))
    assert.deepStrictEqual(yield* TestConsole.logLines, [])
    return (yield* TestConsole.errorLines).map(String)
  })

const json = (level: Log["level"] = "Info"): Log => ({ level, format: "json" })
const pretty = (level: Log["level"] = "Info"): Log => ({ level, format: "pretty" })

const parse = (line: string | undefined): Record<string, unknown> => JSON.parse(line ?? "")

describe("Logging", () => {
  it.effect("writes an object a line, annotations beside the message", () =>
    Effect.gen(function* () {
      const lines = yield* linesOf(
        json(),
        Effect.logInfo("Connected").pipe(Effect.annotateLogs({ streams: 2, plan: { name: "line-0" } }))
      )
      assert.deepStrictEqual(lines, [
        '{"timestamp":"2023-11-14T22:13:20.123Z","level":"INFO","message":"Connected","streams":2,"plan":{"name":"line-0"}}'
      ])
    })
  )

  it.effect("names the levels as the settings do", () =>
    Effect.gen(function* () {
      const lines = yield* linesOf(
        json("Debug"),
        Effect.all([
          Effect.logDebug(""),
          Effect.logInfo(""),
          Effect.logWarning(""),
          Effect.logError(""),
          Effect.logFatal("")
        ])
      )
      assert.deepStrictEqual(
        lines.map((line) => parse(line)["level"]),
        ["DEBUG", "INFO", "WARNING", "ERROR", "FATAL"]
      )
    })
  )

  for (const log of [json("Warn"), pretty("Warn")]) {
    it.effect(`leaves out what is below the minimum level in ${log.format}`, () =>
      Effect.gen(function* () {
        const lines = yield* linesOf(log, Effect.andThen(Effect.logInfo("no"), Effect.logWarning("yes")))
        assert.strictEqual(lines.length, 1)
        assert.include(lines[0], "yes")
      })
    )
  }

  it.effect("does not let an annotation stand for the message, the level or the time", () =>
    Effect.gen(function* () {
      const [line] = yield* linesOf(
        json(),
        Effect.logInfo("true").pipe(Effect.annotateLogs({ message: "false", level: "false", timestamp: "false" }))
      )
      assert.deepStrictEqual(parse(line), {
        timestamp: "2023-11-14T22:13:20.123Z",
        level: "INFO",
        message: "true"
      })
    })
  )

  const inSpan = (sampled: boolean) =>
    Effect.logInfo("in").pipe(
      Effect.withParentSpan(Tracer.externalSpan({ traceId: "a".repeat(32), spanId: "b".repeat(16), sampled }))
    )

  it.effect("names the span that it is written in", () =>
    Effect.gen(function* () {
      const otel = { endpoint: Option.some(new URL("http://127.0.0.1:1")), serviceName: "", ratio: 1 }
      const lines = yield* linesOf(json(), Effect.all([inSpan(true), inSpan(false), Effect.logInfo("out")]), { otel })
      const [inside, ...others] = lines.map(parse)
      assert.deepInclude(inside, { trace_id: "a".repeat(32), span_id: "b".repeat(16) })
      for (const other of others) assert.doesNotHaveAnyKeys(other, ["trace_id", "span_id"])
    })
  )

  it.effect("names no span that goes nowhere", () =>
    Effect.gen(function* () {
      const [line] = yield* linesOf(json(), inSpan(true))
      assert.doesNotHaveAnyKeys(parse(line), ["trace_id", "span_id"])
    })
  )

  const failure = Effect.logError("It broke", Cause.fail(new Error("disk\nfull")))

  it.effect("says of a failure its message", () =>
    Effect.gen(function* () {
      const [line, ...rest] = yield* linesOf(json(), failure)
      assert.deepStrictEqual(rest, [])
      assert.deepInclude(parse(line), { message: "It broke", error: "disk\nfull" })
      assert.notProperty(parse(line), "stack")
    })
  )

  it.effect("gives the stack of a failure to someone who debugs", () =>
    Effect.gen(function* () {
      const [line = ""] = yield* linesOf(json("Debug"), failure)
      assert.notInclude(line, "\n")
      assert.match(String(parse(line)["stack"]), /disk\nfull[^]*Logging\.test\.ts/)
    })
  )

  it.effect("says of a defect and of an interruption what they are", () =>
    Effect.gen(function* () {
      const lines = yield* linesOf(
        json(),
        Effect.all([Effect.logError("a", Cause.die("boom")), Effect.logError("b", Cause.interrupt(1))])
      )
      assert.deepStrictEqual(
        lines.map((line) => parse(line)["error"]),
        ["boom", "interrupted"]
      )
    })
  )

  for (const log of [json("Debug"), pretty("Debug")]) {
    it.effect(`keeps secrets in ${log.format}`, () =>
      Effect.gen(function* () {
        const secret = Redacted.make("hunter2")
        const lines = yield* linesOf(
          log,
          Effect.logInfo(secret, { secret }).pipe(Effect.annotateLogs({ secret, sasl: { password: secret } }))
        )
        assert.strictEqual(lines.length, 1)
        assert.notInclude(lines[0], "hunter2")
        assert.include(lines[0], "<redacted>")
      })
    )

    it.effect(`writes whatever it is given in ${log.format}`, () =>
      Effect.gen(function* () {
        const circular: Record<string, unknown> = { big: 1n }
        circular["self"] = circular
        const lines = yield* linesOf(
          log,
          Effect.logInfo("odd", circular, undefined, null, 7).pipe(
            Effect.annotateLogs({ circular, absent: undefined, error: new Error("no") })
          )
        )
        assert.strictEqual(lines.length, 1)
        assert.include(lines[0], "odd")
        assert.notInclude(lines[0], "absent")
      })
    )
  }

  it.effect("tells a flood of one message in a line every 10 s, and the rest of it at the end", () =>
    Effect.gen(function* () {
      const flood = (times: number) =>
        Effect.repeat(Effect.logWarning("Refused").pipe(Effect.annotateLogs({ records: 2 })), { times: times - 1 })
      const lines = yield* linesOf(
        json(),
        Effect.gen(function* () {
          yield* flood(25)
          yield* TestClock.adjust("10 seconds")
          yield* Effect.logInfo("meanwhile")
          yield* flood(3)
        })
      )
      const told = lines.map(parse).map(({ message, records, repeated }) => [message, records, repeated])
      assert.deepStrictEqual(told, [
        ...Array.from({ length: 5 }, () => ["Refused", 2, undefined]),
        ["Refused", 40, 20],
        ["meanwhile", undefined, undefined],
        ["Refused", 6, 3]
      ])
      assert.strictEqual(parse(lines[5])["timestamp"], "2023-11-14T22:13:30.123Z")
    })
  )

  it.effect("writes a line for a person", () =>
    Effect.gen(function* () {
      const lines = yield* linesOf(
        pretty(),
        Effect.logWarning("Disconnected").pipe(
          Effect.annotateLogs({ connection: "line-0", code: 1006, detail: 'closed by "peer"' })
        )
      )
      assert.deepStrictEqual(lines, [
        '2023-11-14T22:13:20.123Z WARNING Disconnected connection=line-0 code=1006 detail="closed by \\"peer\\""'
      ])
    })
  )

  it.effect("lets no text break out of its line or steer the terminal", () =>
    Effect.gen(function* () {
      const hostile = "a\nFATAL b\r\u001b[2J\u0085\u2028"
      const lines = yield* linesOf(
        pretty(),
        Effect.logInfo(hostile, Cause.fail(hostile)).pipe(Effect.annotateLogs({ [hostile]: hostile }))
      )
      assert.strictEqual(lines.length, 1)
      assert.notMatch(lines[0] ?? "", /[\p{Cc}\u2028]/u)
      assert.include(lines[0], "a\\nFATAL b\\u000d\\u001b[2J")
    })
  )

  it.effect("shows the stack below the line, indented, to someone who debugs", () =>
    Effect.gen(function* () {
      const [text = ""] = yield* linesOf(pretty("Debug"), failure)
      const [line, ...stack] = text.split("\n")
      assert.match(line ?? "", /ERROR {3}It broke error="disk\\nfull"$/)
      assert.isNotEmpty(stack)
      for (const below of stack) assert.match(below, /^ {4}/)
    })
  )

  it.effect("colours only where it may", () =>
    Effect.gen(function* () {
      const [line] = yield* linesOf(pretty(), Effect.logError("red"), { coloured: true })
      assert.include(line, "\u001b[31mERROR  \u001b[39m")
    })
  )

  it.effect("heeds a level that changes while it runs", () =>
    Effect.gen(function* () {
      const say = Effect.all([Effect.logDebug("debug"), Effect.logInfo("info"), Effect.logWarning("warning")])
      yield* Effect.gen(function* () {
        const live = yield* LiveSettings
        const now = live?.read()
        if (live === undefined || now === undefined) return assert.fail("there are no live settings")
        yield* say
        live.set({ ...now, logLevel: "Debug" })
        yield* say
        live.set({ ...now, logLevel: "Warn" })
        return yield* say
      }).pipe(
        Effect.provide(
          Logging.layerOf(false).pipe(
            Layer.provideMerge(LiveSettingsLayer.layer),
            Layer.provide(settingsLayer({ log: json() }))
          )
        )
      )
      const lines = (yield* TestConsole.errorLines).map((line) => parse(String(line))["message"])
      assert.deepStrictEqual(lines, ["info", "warning", "debug", "info", "warning", "warning"])
    })
  )
})
