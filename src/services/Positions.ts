/**
 * Where each sequence stands in the sink: what a restart continues after. Kept by the sink itself, so that no state of our
 * own can disagree with it. Sinks that cannot be read back have none. Layers: those of the sinks.
 */
import { Context, Effect } from "effect"
import type { Span } from "../schema/StreamKind.ts"
import type { StreamName } from "../schema/StreamName.ts"
import type { SinkError } from "./EventSink.ts"

export interface Position {
  /** The highest id that is stored (a candle: its close time, Unix ms). */
  readonly last: number
  /** Event time of that record, Unix ms. */
  readonly at: number
  /** Holes below `last` that were opened and not filled yet, ascending, both ends inclusive. */
  readonly gaps: ReadonlyArray<Span>
  /** The highest id that is stored as a late one. */
  readonly late?: number
  /** What of those gaps is filled though no continuity record says so: an earlier run ended in between. */
  readonly filled?: ReadonlyArray<Span>
  /** Holes below `last` that no continuity record speaks of, for the same reason. */
  readonly unsaid?: ReadonlyArray<Span>
}

export interface PositionsService {
  /** What is stored is read back by the next start: what it lacks is fetched then. */
  readonly isKept: boolean
  /** By the stream's name, for those streams of which the sink holds anything. Asked once, before the feed starts. */
  readonly load: (streams: ReadonlyArray<StreamName>) => Effect.Effect<ReadonlyMap<string, Position>, SinkError>
}

export class Positions extends Context.Reference<PositionsService>("binance-kafka/services/Positions", {
  defaultValue: () => ({ isKept: false, load: () => Effect.succeed(new Map()) })
}) {}
