/**
 * Every metric, declared once: its name, help and labels. Updated per batch or per connection by an Effect, or per record by
 * plain code (`telemetry/plain`). Served by `layers/OpsServer` at `/metrics`; `docs/metrics.md` is written from here.
 */
export * from "./telemetry/delivery.ts"
export * from "./telemetry/feed.ts"
export * from "./telemetry/group.ts"
export * from "./telemetry/program.ts"
export * from "./telemetry/sequence.ts"
export * from "./telemetry/spool.ts"
export * from "./telemetry/streams.ts"
