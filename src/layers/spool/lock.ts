/** Keeps other processes out of a folder. */
import { join } from "node:path"
import { Effect, Predicate } from "effect"
import { SinkError } from "../../services/EventSink.ts"
import * as Sqlite from "../sqlite.ts"
import { StoreError } from "./files.ts"

const BUSY = 5
const isBusy = ({ cause }: StoreError): boolean => Predicate.hasProperty(cause, "errcode") && cause.errcode === BUSY

const open = (folder: string) => {
  const database = Sqlite.open(join(folder, "lock"), { timeout: 0 })
  try {
    database.exec("BEGIN EXCLUSIVE")
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** Held until its scope closes or the process ends, however it does: by the operating system, on a file that stays empty. */
export const acquire = (folder: string) =>
  Effect.acquireRelease(
    Effect.try({ try: () => open(folder), catch: (cause) => new StoreError({ cause }) }).pipe(
      Effect.catchIf(isBusy, () =>
        Effect.fail(
          new SinkError({
            message: `DATA_DIR: ${folder} is in use by another connector; give each one a folder of its own`
          })
        )
      )
    ),
    (database) => Effect.sync(() => database.close())
  )
