/**
 * Where faults can be scripted. The servers ask at these points and nowhere else; a point that is left out, or answers
 * `undefined`, lets everything pass.
 */
import type { Frame } from "./Frame.ts"

/** How a connection ends: at once without a close frame, or with one. */
export type Cut = "terminate" | { readonly code: number; readonly reason: string }

export interface Headers {
  readonly [name: string]: string
}

/** A plain HTTP answer in place of what would have come. */
export interface HttpAnswer {
  readonly status: number
  readonly headers?: Headers
  readonly body?: string
}

export interface UpgradeRequest {
  /** Path and query, as sent. */
  readonly url: string
  readonly remoteAddress: string
}

/** Refuse with a status, or leave the client waiting. */
export type UpgradeVerdict = { readonly refuse: HttpAnswer } | "hang" | undefined

export interface ConnectionInfo {
  /** Counts up from 1. */
  readonly id: number
  readonly url: string
  /** Frames handed to it so far. */
  readonly sent: number
  /** The streams that it is subscribed to. */
  readonly streams: ReadonlySet<string>
}

/**
 * What becomes of a frame: put off past later ones, replaced by any number of others (none: dropped; itself twice:
 * duplicated), or the connection is cut before it or in the middle of its bytes.
 */
export type FrameVerdict =
  | { readonly delayMillis: number }
  | { readonly replaceWith: ReadonlyArray<string | Uint8Array> }
  | { readonly cut: Cut }
  | { readonly tearAt: number }
  | undefined

/**
 * What becomes of a SUBSCRIBE: an answer in place of the acknowledgement and no data, the acknowledgement and no data, or
 * neither.
 */
export type SubscribeVerdict = { readonly answer: string } | "acknowledge only" | "ignore" | undefined

export interface RestRequest {
  readonly method: string
  readonly path: string
  readonly parameters: ReadonlyMap<string, string>
  readonly remoteAddress: string
}

/** Any of these together. */
export interface RestVerdict {
  /** Answer this instead. */
  readonly answer?: HttpAnswer
  readonly delayMillis?: number
  /** Rows younger than this are not in the database yet. */
  readonly lagMillis?: number
  /** Only so many bytes of the body, then the connection is cut. */
  readonly truncateAt?: number
}

export interface Faults {
  readonly onUpgrade?: (request: UpgradeRequest) => UpgradeVerdict
  readonly onFrame?: (frame: Frame, connection: ConnectionInfo) => FrameVerdict
  readonly onSubscribe?: (names: ReadonlyArray<string>, connection: ConnectionInfo) => SubscribeVerdict
  readonly onRest?: (request: RestRequest) => RestVerdict | undefined
}

export const drop: FrameVerdict = { replaceWith: [] }

export const duplicate = (frame: Frame): FrameVerdict => ({ replaceWith: [frame.payload, frame.payload] })

/** The faults in force; they may be exchanged while the simulator runs. */
export interface FaultSwitch {
  current: Faults
}
