/**
 * A process that writes to the local log: `node localLogWriter.ts <DATA_DIR> <name> <batches>`. Prints a line for every batch
 * stored. A batch is 50 records of the topic `t`, with the writer's name as the key and a running number in the value.
 */
import process from "node:process"
import { Effect, Layer } from "effect"
import * as LocalLog from "../../src/layers/LocalLog.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import { Health } from "../../src/services/Health.ts"
import { settingsLayer } from "./settings.ts"

const [dataDir = "", name = "", batches = "0"] = process.argv.slice(2)
const BATCH = 50

const write = Effect.gen(function* () {
  const sink = yield* EventSink
  for (let batch = 0; batch < Number(batches); batch++) {
    yield* sink.publish(
      Array.from({ length: BATCH }, (_, index) => ({
        topic: "t",
        key: name,
        value: Buffer.from(JSON.stringify({ number: batch * BATCH + index, padding: "x".repeat(500) })),
        timestamp: 0,
        headers: { "event-id": `${name}:${batch * BATCH + index}` }
      }))
    )
    process.stdout.write(`${batch + 1}\n`)
    // Lets the line go out before the next batch.
    yield* Effect.yieldNow
  }
})

await Effect.runPromise(
  write.pipe(
    Effect.provide(
      LocalLog.layer.pipe(
        Layer.provide([
          settingsLayer({ dataDir }),
          Layer.succeed(Health, {
            sink: () => Effect.void,
            connection: () => Effect.void,
            resume: () => Effect.void,
            group: () => Effect.void,
            trouble: () => Effect.void,
            report: Effect.die("not asked")
          })
        ])
      )
    )
  )
)
