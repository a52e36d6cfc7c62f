/** A process that writes records to stdout until it cannot, and says on stderr why it ended. */
import process from "node:process"
import { Effect, Layer } from "effect"
import * as ConsoleSink from "../../src/layers/ConsoleSink.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import { Health } from "../../src/services/Health.ts"

const value = Buffer.from(JSON.stringify("x".repeat(10_000)))

const health = Layer.succeed(Health, {
  sink: () => Effect.void,
  connection: () => Effect.void,
  resume: () => Effect.void,
  group: () => Effect.void,
  trouble: () => Effect.void,
  report: Effect.die("not asked")
})

const error = await EventSink.pipe(
  Effect.flatMap((sink) =>
    Effect.forever(
      Effect.andThen(sink.publish([{ topic: "t", key: "K", value, timestamp: 0, headers: {} }]), sink.flush)
    )
  ),
  Effect.flip,
  Effect.provide(ConsoleSink.layer.pipe(Layer.provide(health))),
  Effect.runPromise
)
process.stderr.write(`${error.message}\n`)
