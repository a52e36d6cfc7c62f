/**
 * A sink that can be relieved of what waits in it, so that it waits elsewhere. `publish` suspends only above a bound that
 * whoever relieves it stays well below. Layers: `KafkaSink`.
 */
import { Context, type Effect } from "effect"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import type { EventSink, SinkError } from "./EventSink.ts"

export interface Released {
  /**
   * What the sink keeps: a send of them may have stored them already, and only the sink can find out. They are stored before
   * anything that is published from now on.
   */
  readonly tried: ReadonlyArray<SinkRecord>
  /** What it keeps no longer. Per key all of it follows what was tried; published again in this order, it is as before. */
  readonly untried: ReadonlyArray<SinkRecord>
}

export class ReleasableSink extends Context.Service<
  ReleasableSink,
  EventSink["Service"] & {
    /** Completes once everything taken so far is acknowledged; `flush` takes more care. */
    readonly stored: Effect.Effect<void, SinkError>
    /** What waits in memory: plain code, asked for at every batch. */
    readonly waiting: () => { readonly records: number; readonly bytes: number }
    readonly release: Effect.Effect<Released>
    /** Event-ids of what is stored last where records with these topics and keys go: an earlier process may have sent them. */
    readonly newest: (records: ReadonlyArray<SinkRecord>) => Effect.Effect<ReadonlySet<string>>
  }
>()("binance-kafka/services/ReleasableSink") {}
