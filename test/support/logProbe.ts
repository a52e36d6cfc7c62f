/** A logger that hands out what is logged, event by event. */
import { Effect, Layer, Logger, Queue, References } from "effect"

export interface Logged {
  readonly level: string
  readonly message: string
  readonly annotations: Readonly<Record<string, unknown>>
}

export const make = Effect.gen(function* () {
  const events = yield* Queue.unbounded<Logged>()
  const logger = Logger.make(({ fiber, logLevel, message }) => {
    Queue.offerUnsafe(events, {
      level: logLevel,
      message: Array.isArray(message) ? message.join(" ") : String(message),
      annotations: fiber.getRef(References.CurrentLogAnnotations)
    })
  })
  return { events, layer: Layer.merge(Logger.layer([logger]), Layer.succeed(References.MinimumLogLevel, "Info")) }
})
