/**
 * The log, all of it on stderr, so that stdout can carry records. `json`: one object a line, annotations beside the message.
 * `pretty`: one line a person reads, below it the stack if someone debugs. Text cannot break out of its line, and a flood of
 * one message is told in a line an interval.
 */
import process from "node:process"
import { Clock, Console, Effect, Layer, Logger, LogLevel, Option, References } from "effect"
import { AppConfig } from "../services/AppConfig.ts"
import { LiveSettings } from "../services/LiveSettings.ts"
import * as Line from "./logging/Line.ts"
import * as Repeats from "./logging/Repeats.ts"

const REPEATS_EVERY = "10 seconds"

/** The logger over a terminal with or without colours; `layer` is this over stderr. */
export const layerOf = (coloured: boolean): Layer.Layer<never, never, AppConfig> =>
  Layer.unwrap(
    Effect.gen(function* () {
      const { log, otel } = yield* AppConfig
      const live = yield* LiveSettings
      const levelNow = () => live?.read().logLevel ?? log.level
      const traced = Option.isSome(otel.endpoint)
      const write = log.format === "json" ? Line.json : Line.pretty(coloured)
      const repeats = Repeats.make()

      const logger = Logger.make((options) => {
        const level = levelNow()
        if (LogLevel.isGreaterThan(level, options.logLevel)) return
        const line = Line.of(options, traced, level === "Debug")
        if (repeats.pass(line)) options.fiber.getRef(Console.Console).error(write(line))
      })
      const writeHeldBack = Effect.gen(function* () {
        const console = yield* Console.Console
        const date = new Date(yield* Clock.currentTimeMillis)
        for (const line of repeats.due()) console.error(write({ ...line, date }))
      })
      yield* Effect.addFinalizer(() => writeHeldBack)
      yield* Effect.forkScoped(Effect.forever(Effect.delay(writeHeldBack, REPEATS_EVERY)))

      // Where it may change, all lines get as far as here.
      const least = live === undefined ? log.level : "Debug"
      return Layer.merge(Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, least))
    })
  )

export const layer: Layer.Layer<never, never, AppConfig> = Layer.suspend(() =>
  // `hasColors` heeds NO_COLOR.
  layerOf(process.stderr.isTTY && process.stderr.hasColors())
)
