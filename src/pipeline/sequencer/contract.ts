/** What goes into all sequences together and what comes out of them: see `Sequencer.ts`. */
import type { StreamName } from "../../schema/StreamName.ts"
import type { Page } from "../../services/MarketHistory.ts"
import type { Overflow } from "../../services/Spool.ts"
import type { Statement } from "../ContinuityRecord.ts"
import type { MarketEvent } from "../Decoder.ts"
import type { Range } from "../sequence/HistoryWalk.ts"
import type { Wish } from "../sequence/contract.ts"
import type { Position } from "../Standing.ts"

/** What may be published now, in order. */
export interface Ordered {
  readonly events: Array<MarketEvent>
  readonly notes: Array<Statement>
  /** Their ids are far beyond anything that the exchange's history knows. */
  readonly rejected: Array<MarketEvent>
  duplicates: number
}

export interface Compared {
  readonly ordered: Ordered
  readonly mute: boolean
}

/** A page of the history that is wanted. */
export interface Request extends Wish {
  readonly stream: StreamName
  /** How many events may be in it. */
  readonly limit: number
  /** Since it was detected, ms; 0 for what is late. */
  readonly missingFor: number
}

export interface Gap extends Range {
  readonly stream: StreamName
}

export interface Options {
  readonly streams: ReadonlyArray<StreamName>
  /** Whether the history has a stream's events. */
  readonly serves: (stream: StreamName) => boolean
  /** How long a hole may get nothing new until live goes on beyond it, ms. */
  readonly gapWait: number
  /** A hole over more time than this is opened at once, ms between event times. */
  readonly resumeMaxGap: number
  /** Bytes that may wait in all sequences together. */
  readonly parkedBytes: () => number
  /** Told of every event that was published before and is dropped. */
  readonly dropped?: (stream: StreamName) => void
}

/** What the history says of how far a stream has come. */
export interface Newest {
  /** Undefined: it has nothing to tell of it. */
  readonly id: number | undefined
}

export interface Sequencer {
  /** These come from now on; those that had left go on where they stood. */
  readonly join: (streams: ReadonlyArray<StreamName>, now: number) => void
  /** These are over; what waits of them is published, unless it is fetched again when they come back (`keep`). */
  readonly leave: (streams: ReadonlyArray<StreamName>, keep: boolean) => Ordered
  /** Whether it knows by itself where a stream goes on. */
  readonly remembers: (stream: StreamName) => boolean
  /** The last id of a stream that is not late. */
  readonly last: (stream: StreamName) => number | undefined
  /** Where an earlier run stopped. */
  readonly resume: (positions: ReadonlyMap<string, Position>) => Ordered
  /** Events in the order received. */
  readonly take: (events: ReadonlyArray<MarketEvent>, now: number) => Ordered
  /** Time has passed; `isFetching`: what is missing of a stream was asked for in it. */
  readonly tick: (now: number, isFetching: (stream: StreamName) => boolean) => Ordered
  /** What is to be asked for, what matters most first: holes that others wait behind, the shortest first. */
  readonly requests: (now: number) => ReadonlyArray<Request>
  readonly asked: (request: Request) => void
  /** An answer, `undefined` where there is none. `receivedAt`: Unix ms. */
  readonly answered: (request: Request, page: Page | undefined, receivedAt: number, now: number) => Ordered
  /** Some streams, `most` of them, of which the history should say how far they have come: they are silent, or senseless. */
  readonly unheard: (now: number, most: number) => ReadonlyArray<StreamName>
  /** The history's answer about one of them, if it gave any; `mute`: it is ahead of what came. */
  readonly newest: (stream: StreamName, answer: Newest | undefined, now: number) => Compared
  /** What was published and not kept: it is fetched again, in place if it was not late. */
  readonly missed: (stream: StreamName, overflow: Overflow, now: number) => Ordered
  /** The end: what waits is published, unless a restart fetches it again (`keep`). */
  readonly close: (keep: boolean) => Ordered
  /** Whether anything is to be fetched or waits. */
  readonly isSettled: () => boolean
  /** Streams with a position of which it is not known yet that they have caught up with the exchange. */
  readonly behind: () => ReadonlyArray<StreamName>
  /** Holes that are being filled in place from the history, and opened gaps. */
  readonly holes: () => ReadonlyArray<Gap>
  readonly gaps: () => ReadonlyArray<Gap>
}
