/**
 * Where records go. `publish` takes them in order and keeps them until they are stored: it retries by itself for as long as
 * it takes, and suspends while its memory is full, so that the caller reads slower. Records of one key stay in order.
 * Closing the sink's scope releases its connections; whoever wants everything stored before that calls `flush`.
 * Layers: `KafkaSink`, `LocalLog`, `ConsoleSink`, `MemorySink`; `Spool` over another one.
 */
import { Context, type Effect, Schema } from "effect"
import type { SinkRecord } from "../schema/SinkRecord.ts"

/** The sink cannot store, and trying again would not help: a wrong password, a disk that cannot be written. */
export class SinkError extends Schema.TaggedError<SinkError>()("SinkError", {
  /** One line for the operator: what failed, and which setting to look at. */
  message: Schema.String,
  /** Another process has taken over what this one wrote. */
  isFenced: Schema.optionalKey(Schema.Boolean),
  cause: Schema.optionalKey(Schema.Defect())
}) {}

export class EventSink extends Context.Service<
  EventSink,
  {
    /** Completes when the batch is the sink's to keep; stored it may be later. */
    readonly publish: (batch: ReadonlyArray<SinkRecord>) => Effect.Effect<void, SinkError>
    /** Completes once everything taken so far is stored. */
    readonly flush: Effect.Effect<void, SinkError>
    /** How many records are taken and not yet stored. */
    readonly pending: Effect.Effect<number>
    /**
     * For a stop that cannot wait any longer: keeps what is not stored where the next start finds it, if the sink has such a
     * place; gives how many records it could not keep.
     */
    readonly surrender: Effect.Effect<number>
  }
>()("binance-kafka/services/EventSink") {}
