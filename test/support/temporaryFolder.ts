/** A folder of the test's own, gone with its scope. */
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect } from "effect"

export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "binance-kafka-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)
