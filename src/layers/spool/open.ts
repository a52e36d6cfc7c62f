/** The spool's folder, as `SPOOL` says. */
import { join, resolve } from "node:path"
import { Effect, Option } from "effect"
import { AppConfig } from "../../services/AppConfig.ts"
import { SinkError } from "../../services/EventSink.ts"
import { SpoolLimits } from "./Limits.ts"
import * as Store from "./Store.ts"

/** None where there is no spool: `SPOOL=off`, or `auto` and a folder that cannot be written. */
export const open = Effect.gen(function* () {
  const { dataDir, spool } = yield* AppConfig
  const { segmentBytes } = yield* SpoolLimits
  if (spool.mode === "off") return Option.none()
  const folder = resolve(join(dataDir, "spool"))
  const options = {
    folder,
    maxBytes: spool.maxBytes,
    // Room comes back by whole segments.
    segmentBytes: Math.min(segmentBytes, Math.floor(spool.maxBytes / 8)),
    fsync: spool.fsync
  }
  return yield* Store.open(options).pipe(
    Effect.map((store) => Option.some({ folder, store })),
    Effect.catchTag("StoreError", (error) =>
      spool.mode === "always"
        ? Effect.fail(
            new SinkError({
              message: `DATA_DIR: cannot write ${folder}: ${error.message}; SPOOL=always needs a folder that can be written, for example ./data`,
              cause: error
            })
          )
        : Effect.logWarning(
            "There is no spool: what Kafka does not store waits in memory alone, and a stop without Kafka loses it"
          ).pipe(
            Effect.annotateLogs({ folder, reason: error.message, see: "DATA_DIR, SPOOL" }),
            Effect.as(Option.none())
          )
    )
  )
})
