/** What a keeper is told, what all of them share, and what it can do: see `Keeper`. */
import type { Duration, Effect } from "effect"
import type { Group } from "../../pipeline/Subscriptions.ts"
import type { RolloverSettings } from "../../schema/Settings.ts"
import type { StreamName } from "../../schema/StreamName.ts"
import type { Health } from "../../services/Health.ts"
import type { FeedNotice, StreamChange } from "../../services/MarketFeed.ts"
import type { ConnectionOptions } from "./Connection.ts"
import type { Gate } from "./Gate.ts"
import type { Inbox } from "./Inbox.ts"

export interface KeeperOptions extends Group {
  readonly name: string
  /** Counts from 0. */
  readonly line: number
  readonly urls: readonly [URL, ...ReadonlyArray<URL>]
  readonly connectionTimeout: Duration.Duration
  readonly silenceTimeout: Duration.Duration
  readonly pingInterval: Duration.Duration
  readonly reconnectMaxDelay: Duration.Duration
  readonly rollover: RolloverSettings
  /** Others with the same streams. */
  readonly twins: () => ReadonlyArray<Keeper>
}

/** What all keepers share. */
export interface KeeperContext {
  readonly inbox: Inbox
  readonly gate: Gate
  readonly health: Health["Service"]
  readonly notify: (notice: FeedNotice) => Effect.Effect<void>
  readonly onInvalid: ConnectionOptions["onInvalid"]
}

export interface Keeper {
  readonly name: string
  /** It carries no streams of another one. */
  readonly route: string | undefined
  readonly run: Effect.Effect<never>
  readonly isLive: () => boolean
  /** When the last frame came, Unix ms. */
  readonly lastFrameAt: () => number
  readonly isRollingOver: () => boolean
  /** What it is to carry; its sockets may differ until they are replaced. */
  readonly streams: () => ReadonlyArray<StreamName>
  readonly setStreams: (streams: ReadonlyArray<StreamName>) => void
  /** How many it has to have room for: its sockets may carry more. */
  readonly size: () => number
  /** Carries these as well and those no more; completes when the exchange has acknowledged it on the sockets that are open. */
  readonly change: (change: StreamChange) => Effect.Effect<void>
  /** Leaves these streams and joins them again, on the sockets that are open. */
  readonly resubscribe: (streams: ReadonlyArray<StreamName>) => Effect.Effect<void>
  /** Replaces the socket by a fresh one, with what it is to carry by then. */
  readonly refresh: Effect.Effect<void>
}
