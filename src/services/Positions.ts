/**
 * Where each sequence stands in the sink: what a restart continues after. Kept by the sink itself, so that no state of our
 * own can disagree with it. Sinks that cannot be read back have none. Layers: those of the sinks.
 */
import { Context, Effect } from "effect"
import type { Continuity } from "../schema/Continuity.ts"
import type { Span } from "../schema/StreamKind.ts"
import type { StreamName } from "../schema/StreamName.ts"
import type { SinkError } from "./EventSink.ts"

/**
 * What the last records of a stream show: ids, ascending, both ends inclusive (candles: open and close time, Unix ms). All
 * that was said of what lies before them is stored as well, but for what is late.
 */
export interface Stands {
  /** Event time of the last one that is not late, Unix ms. */
  readonly at: number
  readonly inOrder: ReadonlyArray<Span>
  /** Published behind newer ones, into a gap. */
  readonly late: ReadonlyArray<Span>
  /** What was left out between one record and the next. */
  readonly holes: ReadonlyArray<Span>
}

/** What a continuity record says of a stream's ids. */
export type Said = Pick<Continuity, "type" | "stream" | "from" | "to" | "late">

export interface Standings {
  /** By the stream's name, of those of which the sink holds anything. */
  readonly stands: ReadonlyMap<string, Stands>
  /** What is said of gaps, in order. */
  readonly said: ReadonlyArray<Said>
}

export const nothingStored: Standings = { stands: new Map(), said: [] }

export interface PositionsService {
  /** What is stored is read back by the next start: what it lacks is fetched then. */
  readonly isKept: boolean
  /** Asked before the feed carries them, once of each stream. */
  readonly load: (streams: ReadonlyArray<StreamName>) => Effect.Effect<Standings, SinkError>
  /** What follows from that is the sink's: from now on the next start may go on behind it. */
  readonly begin: Effect.Effect<void>
}

export class Positions extends Context.Reference<PositionsService>("binance-kafka/services/Positions", {
  defaultValue: () => ({ isKept: false, load: () => Effect.succeed(nothingStored), begin: Effect.void })
}) {}
