import type { Writable } from "node:stream"
import { Effect } from "effect"

/** Completes when the stream wants more, or has broken. */
export const drained = (out: Writable): Effect.Effect<void> =>
  Effect.callback((resume) => {
    if (!out.writableNeedDrain || out.destroyed) return resume(Effect.void)
    const events = ["drain", "error", "close"]
    const done = () => {
      for (const event of events) out.off(event, done)
      resume(Effect.void)
    }
    for (const event of events) out.once(event, done)
    return Effect.sync(() => events.forEach((event) => out.off(event, done)))
  })
