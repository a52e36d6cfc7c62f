/**
 * Who is well: written by feeds, sinks and the program when their state changes, read by the HTTP probes. Ready is: the sink
 * stores, at least one connection is live, and what an earlier run left is caught up with. Layer: `HealthState` (it is memory
 * by nature).
 */
import { Context, type Effect } from "effect"

export interface ComponentStatus {
  readonly state: "starting" | "up" | "down"
  /** One line: since what, or why not. */
  readonly detail: string
}

export interface HealthReport {
  readonly ready: boolean
  /** `degraded`: ready, and something is in `degraded`, or a connection is down. */
  readonly status: "ok" | "degraded" | "unready"
  readonly sink: ComponentStatus
  readonly resume: ComponentStatus
  /** By connection name. */
  readonly connections: Readonly<Record<string, ComponentStatus>>
  /** What is wrong without making the program useless, a line each: mute streams, open gaps, and the troubles of `Status`. */
  readonly degraded: Readonly<Record<string, string>>
}

export class Health extends Context.Service<
  Health,
  {
    readonly sink: (status: ComponentStatus) => Effect.Effect<void>
    /** `undefined`: there is none of that name any more. */
    readonly connection: (name: string, status: ComponentStatus | undefined) => Effect.Effect<void>
    /** Whether the program goes on where an earlier run stopped; `up` as long as nobody says otherwise. */
    readonly resume: (status: ComponentStatus) => Effect.Effect<void>
    /** What is wrong with a stream; `undefined`: nothing any more. */
    readonly trouble: (name: string, detail: string | undefined) => Effect.Effect<void>
    readonly report: Effect.Effect<HealthReport>
  }
>()("binance-kafka/services/Health") {}
