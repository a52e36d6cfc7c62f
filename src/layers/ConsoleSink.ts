/** Records on stdout, one JSON line each: for a look at the stream, or to pipe it into another program. */
import process from "node:process"
import type { Writable } from "node:stream"
import { Effect, Layer, Metric, Predicate } from "effect"
import { recordLine } from "../pipeline/recordLine.ts"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import { EventSink, SinkError } from "../services/EventSink.ts"
import { Health } from "../services/Health.ts"
import * as Telemetry from "../services/Telemetry.ts"
import * as Acknowledged from "./Acknowledged.ts"
import { drained } from "./drained.ts"

const writeError = (cause: Error): SinkError =>
  Predicate.hasProperty(cause, "code") && cause.code === "EPIPE"
    ? new SinkError({ message: "stdout was closed" })
    : new SinkError({ message: `cannot write to stdout: ${cause.message}`, cause })

/** The sink over any stream; `layer` is this over stdout. */
export const layerOf = (out: Writable): Layer.Layer<EventSink, SinkError, Health> =>
  Layer.effect(
    EventSink,
    Effect.gen(function* () {
      const health = yield* Health
      const acknowledged = yield* Acknowledged.make
      let pending = 0
      let failure: SinkError | undefined

      const fail = (error: Error) => {
        failure ??= writeError(error)
      }
      // Never taken off: a stream that breaks after the sink has closed must not bring the program down.
      out.on("error", fail)
      yield* health.sink({ state: "up", detail: "writing to stdout" })

      const whole = Effect.suspend(() => (failure === undefined ? Effect.void : Effect.fail(failure)))

      const write = (batch: ReadonlyArray<SinkRecord>) =>
        Effect.sync(() => {
          const takenAt = acknowledged.now()
          pending += batch.length
          out.write(batch.map((record) => `${recordLine(record)}\n`).join(""), (error) => {
            pending -= batch.length
            if (error) return fail(error)
            const now = acknowledged.now()
            for (const record of batch) acknowledged.count(record, takenAt, now)
          })
        })

      /** Writes are answered in order: an empty one when everything before it is out. */
      const written = Effect.callback<void>((resume) => {
        out.write("", (error) => {
          if (error) fail(error)
          resume(Effect.void)
        })
      })

      return EventSink.of({
        publish: (batch) =>
          drained(out).pipe(
            Effect.andThen(whole),
            Effect.andThen(write(batch)),
            Effect.andThen(Metric.update(Telemetry.recordsStored, batch.length))
          ),
        flush: Effect.andThen(written, whole),
        pending: Effect.sync(() => pending),
        surrender: Effect.sync(() => pending)
      })
    })
  )

export const layer: Layer.Layer<EventSink, SinkError, Health> = Layer.suspend(() => layerOf(process.stdout))
