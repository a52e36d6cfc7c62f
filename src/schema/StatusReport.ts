/**
 * What a running connector says of itself at `GET /status`: the live page and the command `status` show it. Times are Unix
 * ms, rates per second over the last 10 s; null is what is not known (yet), or does not apply.
 */
import { Schema } from "effect"

const ComponentState = Schema.Literals(["starting", "up", "down"])
const Nullable = Schema.NullOr(Schema.Finite)

export const ConnectionReport = Schema.Struct({
  name: Schema.String,
  state: ComponentState,
  /** One line: since what, or why not. */
  detail: Schema.String,
  host: Schema.NullOr(Schema.String),
  streams: Schema.Finite,
  /** Since when its present socket is open. */
  since: Nullable,
  /** When another socket takes over at the latest. */
  rolloverAt: Nullable,
  /** Frames received since the start, over all its sockets. */
  frames: Schema.Finite,
  rate: Schema.Finite,
  /** From the exchange's event time to our reading of the last frame that bears one; clocks that differ are part of it. */
  latencyMs: Nullable,
  /** Since when it has no socket, and when it tries again at the earliest. */
  downSince: Nullable,
  retryAt: Nullable
})
export type ConnectionReport = typeof ConnectionReport.Type

export const StreamReport = Schema.Struct({
  name: Schema.String,
  /** Events received since the start. */
  events: Schema.Finite,
  rate: Schema.Finite,
  /** When its last event was received. */
  lastAt: Nullable,
  /** The highest id published; of a candle its close time. */
  lastId: Nullable,
  /** Holes and gaps that are being filled now, and those that were filled since the start. */
  gapsOpen: Schema.Finite,
  gapsFilled: Schema.Finite,
  /** Gaps that nobody can fill. */
  gapsLost: Schema.Finite,
  /** Events dropped because they had been published before. */
  duplicates: Schema.Finite,
  /** What is wrong with it, in a few words. */
  trouble: Schema.NullOr(Schema.String)
})
export type StreamReport = typeof StreamReport.Type

export const KafkaReport = Schema.Struct({
  /** Sends acknowledged, and sends that failed and were tried again. */
  acks: Schema.Finite,
  failures: Schema.Finite,
  /** Records acknowledged, and their rate. */
  records: Schema.Finite,
  rate: Schema.Finite,
  /** Sends without an answer yet. */
  inFlight: Schema.Finite,
  /** What is taken and not acknowledged. */
  waitingRecords: Schema.Finite,
  waitingBytes: Schema.Finite,
  /** Over the last 512 sends: the mean of their records, and the time until they were acknowledged. */
  batchRecords: Nullable,
  sendMs: Schema.NullOr(
    Schema.Struct({ p50: Schema.Finite, p95: Schema.Finite, p99: Schema.Finite, max: Schema.Finite })
  ),
  lastError: Schema.NullOr(
    Schema.Struct({ at: Schema.Finite, where: Schema.String, kind: Schema.String, message: Schema.String })
  )
})
export type KafkaReport = typeof KafkaReport.Type

export const SpoolReport = Schema.Struct({
  /** Of all its files, what they may take, and how many more they are each second. */
  bytes: Schema.Finite,
  limit: Schema.Finite,
  growth: Schema.Finite,
  records: Schema.Finite,
  /** Since when records wait there. */
  since: Nullable,
  /** Records that were not kept since the start. */
  dropped: Schema.Finite,
  /** Why the last write failed; null: it did not. */
  fault: Schema.NullOr(Schema.String)
})
export type SpoolReport = typeof SpoolReport.Type

export const RestReport = Schema.Struct({
  /** When the exchange's REST side answered last as it should. */
  answeredAt: Nullable,
  /** Since when it does not, and what it said last. */
  failingSince: Nullable,
  fault: Schema.NullOr(Schema.String),
  /** Of the weight that it allows this address in a minute, as it said last. */
  usedWeight: Nullable
})
export type RestReport = typeof RestReport.Type

/** What is wrong though the work goes on. */
export const TroubleReport = Schema.Struct({
  /** What is in trouble, and the kind of it: `raw_trades (another connector)`. */
  name: Schema.String,
  text: Schema.String,
  since: Schema.Finite
})
export type TroubleReport = typeof TroubleReport.Type

export const DeadLetterReport = Schema.Struct({
  at: Schema.Finite,
  stream: Schema.String,
  reason: Schema.String,
  field: Schema.NullOr(Schema.String)
})
export type DeadLetterReport = typeof DeadLetterReport.Type

export const ContinuityReport = Schema.Struct({
  at: Schema.Finite,
  type: Schema.String,
  /** One of them, where `streams` had the same at once. */
  stream: Schema.String,
  streams: Schema.Finite,
  from: Nullable,
  to: Nullable,
  reason: Schema.String,
  late: Schema.Boolean
})
export type ContinuityReport = typeof ContinuityReport.Type

/** The part that this process takes in its group. */
export const GroupReport = Schema.Struct({
  id: Schema.String,
  state: ComponentState,
  detail: Schema.String,
  /** Of so many shards those that it runs. */
  of: Schema.Finite,
  shards: Schema.Array(Schema.Finite)
})
export type GroupReport = typeof GroupReport.Type

export const StatusReport = Schema.Struct({
  v: Schema.Literal(1),
  at: Schema.Finite,
  instance: Schema.String,
  startedAt: Schema.Finite,
  /** As `/readyz` has it. */
  state: Schema.Literals(["ok", "degraded", "unready"]),
  /** Why it is not `ok`, a line each. */
  reasons: Schema.Array(Schema.String),
  /** Those of `reasons` that are neither the sink's, a connection's nor a gap's. */
  troubles: Schema.Array(TroubleReport),
  sink: Schema.Struct({ name: Schema.String, state: ComponentState, detail: Schema.String }),
  /** Left out where it is in none. */
  group: Schema.optionalKey(GroupReport),
  /** Events received. */
  events: Schema.Finite,
  rate: Schema.Finite,
  connections: Schema.Array(ConnectionReport),
  streams: Schema.Array(StreamReport),
  /** Null with another sink. */
  kafka: Schema.NullOr(KafkaReport),
  /** Null without one. */
  spool: Schema.NullOr(SpoolReport),
  /** Null where it is not asked, as of a recording. */
  rest: Schema.NullOr(RestReport),
  /** The latest first; `total` counts all since the start. */
  deadLetters: Schema.Struct({ total: Schema.Finite, latest: Schema.Array(DeadLetterReport) }),
  continuity: Schema.Array(ContinuityReport)
})
export type StatusReport = typeof StatusReport.Type
