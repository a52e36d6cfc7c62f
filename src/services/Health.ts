/**
 * Who is well: written by feeds and sinks when their state changes, read by the HTTP probes. Ready is: the sink stores and
 * at least one connection is live. Layer: `HealthState` (it is memory by nature).
 */
import { Context, type Effect } from "effect"

export interface ComponentStatus {
  readonly state: "starting" | "up" | "down"
  /** One line: since what, or why not. */
  readonly detail: string
}

export interface HealthReport {
  readonly ready: boolean
  readonly sink: ComponentStatus
  /** By connection name. */
  readonly connections: Readonly<Record<string, ComponentStatus>>
}

export class Health extends Context.Service<
  Health,
  {
    readonly sink: (status: ComponentStatus) => Effect.Effect<void>
    readonly connection: (name: string, status: ComponentStatus) => Effect.Effect<void>
    readonly report: Effect.Effect<HealthReport>
  }
>()("binance-kafka/services/Health") {}
