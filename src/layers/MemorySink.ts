/**
 * A sink that keeps records in memory, for tests and for programs that take records in-process. `MemoryLog` is its other
 * side: what has arrived so far, a wait for more, and a gate to play a slow or a broken sink.
 */
import { Context, Effect, Latch, Layer, Option, Semaphore, Stream, SubscriptionRef } from "effect"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import { EventSink, type SinkError } from "../services/EventSink.ts"

export class MemoryLog extends Context.Service<
  MemoryLog,
  {
    /** Everything stored so far, in order. */
    readonly records: Effect.Effect<ReadonlyArray<SinkRecord>>
    /** The batches as they were published. */
    readonly batches: Effect.Effect<ReadonlyArray<ReadonlyArray<SinkRecord>>>
    /** Waits until at least so many records are stored, and gives all there are. */
    readonly until: (count: number) => Effect.Effect<ReadonlyArray<SinkRecord>>
    /** From now on `publish` suspends, until `resume`. */
    readonly pause: Effect.Effect<void>
    readonly resume: Effect.Effect<void>
    /** The next `publish` fails with this and stores nothing. */
    readonly failNext: (error: SinkError) => Effect.Effect<void>
  }
>()("binance-kafka/layers/MemorySink/MemoryLog") {}

export const layer: Layer.Layer<EventSink | MemoryLog> = Layer.effectContext(
  Effect.gen(function* () {
    const batches = yield* SubscriptionRef.make<ReadonlyArray<ReadonlyArray<SinkRecord>>>([])
    const gate = yield* Latch.make(true)
    const turn = yield* Semaphore.make(1)
    let failure: SinkError | undefined

    const takeFailure = Effect.suspend(() => {
      const error = failure
      failure = undefined
      return error === undefined ? Effect.void : Effect.fail(error)
    })

    const sink = EventSink.of({
      publish: (batch) =>
        SubscriptionRef.update(batches, (all) => [...all, [...batch]]).pipe(
          (store) => Effect.andThen(takeFailure, store),
          (store) => Semaphore.withPermit(turn, Latch.whenOpen(gate, store))
        ),
      flush: Effect.void,
      pending: Effect.succeed(0),
      surrender: Effect.succeed(0)
    })

    const log = MemoryLog.of({
      records: Effect.map(SubscriptionRef.get(batches), (all) => all.flat()),
      batches: SubscriptionRef.get(batches),
      until: (count) =>
        SubscriptionRef.changes(batches).pipe(
          Stream.map((all) => all.flat()),
          Stream.filter((records) => records.length >= count),
          Stream.runHead,
          Effect.map(Option.getOrElse(() => []))
        ),
      pause: Effect.asVoid(Latch.close(gate)),
      resume: Effect.asVoid(Latch.open(gate)),
      failNext: (error) =>
        Effect.sync(() => {
          failure = error
        })
    })

    return Context.make(EventSink, sink).pipe(Context.add(MemoryLog, log))
  })
)
