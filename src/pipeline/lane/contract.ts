/** What goes into a lane and what comes out of it: see `Lane.ts`. */
import type { Acks } from "../../schema/Settings.ts"
import type { KafkaErrorKind } from "../../services/KafkaDriver.ts"

export interface Limits {
  readonly records: number
  readonly bytes: number
}

/** How much acknowledged items that may still be lost take; shared by lanes. Above the limit only their ids are kept. */
export interface Keeping {
  readonly limit: number
  bytes: number
}

export interface Options {
  readonly acks: Acks
  readonly keeping: Keeping
}

/** What to do now; ask again after a wait, an answer, a reading or an offer. */
export type Next<A> =
  | { readonly _tag: "Idle" }
  /** `isFull`: for the replicas, of which too much of what is acknowledged is kept. */
  | { readonly _tag: "Wait"; readonly millis: number; readonly isFull?: true }
  | { readonly _tag: "Send"; readonly batch: ReadonlyArray<A> }
  /**
   * Read the partition from an offset to its end; without an offset, see only where it ends. While one of `doubted` is not
   * found, a send without an answer may still be on its way.
   */
  | { readonly _tag: "Read"; readonly from: number | undefined; readonly doubted: ReadonlyArray<string> }

/** What the offset of a stored batch says of others. */
export type Audit =
  | { readonly _tag: "Expected" }
  /** Records that were stored before are gone. */
  | { readonly _tag: "Regressed"; readonly expected: number }
  /** Somebody else has written this window; `to` is exclusive. */
  | { readonly _tag: "Jumped"; readonly from: number; readonly to: number }

/** What a reading has found. */
export interface Readings<A> {
  /** Stored, though nobody had said so. */
  readonly stored: ReadonlyArray<A>
  /** Acknowledged and gone: so many will be sent again. */
  readonly again: number
  /** Acknowledged and gone, and only their ids were kept. */
  readonly lost: ReadonlyArray<string>
  /** It ends below this offset, up to which all was confirmed: that is gone. */
  readonly expected?: number
}

export interface Lane<A> {
  readonly offer: (item: A) => void
  /** `Send` puts its batch in flight; while one is there, and while nothing waits, the lane is `Idle`. */
  readonly next: () => Next<A>
  /** The batch in flight is stored at this offset (-1: unknown); gives its items but those that were given before. */
  readonly acknowledged: (offset: number) => { readonly stored: ReadonlyArray<A>; readonly audit: Audit }
  /** The batch in flight failed; gives the item that is refused for good, if it comes to that. `jitter`: within [0, 1). */
  readonly failed: (kind: typeof KafkaErrorKind.Type, jitter: number) => A | undefined
  /** What was asked for has been read: the ids in it, and where it ends. */
  readonly read: (ids: ReadonlyArray<string>, next: number) => Readings<A>
  /** It could not be read: asks again after a wait. */
  readonly unread: (jitter: number) => void
  /** It may not be read: goes on as if nothing were missing. */
  readonly blind: () => void
  /** What was acknowledged may be gone. */
  readonly suspect: () => void
  /** Others have stored these: gives what waits and has one of these ids, which is not sent any more. */
  readonly elsewhere: (ids: ReadonlyArray<string>) => ReadonlyArray<A>
  /** Consumers see all below this offset. */
  readonly confirmed: (highWatermark: number) => void
  /** There are acknowledged items that may still be lost. */
  readonly keeps: () => boolean
  /** Nothing waits, is in flight or in doubt: all that was offered and not given back is acknowledged. */
  readonly isAtRest: () => boolean
  /** The partition is a new and empty one. */
  readonly renewed: () => void
  /** Failures in a row. */
  readonly attempts: () => number
  /** Everything not stored (any more), in order; the lane is empty then. Of what is offered again it knows what may be stored. */
  readonly release: () => ReadonlyArray<A>
  /** Takes out what was never sent; what was, and is not stored, stays and goes before whatever is offered then. */
  readonly recall: () => { readonly tried: ReadonlyArray<A>; readonly untried: ReadonlyArray<A> }
}
