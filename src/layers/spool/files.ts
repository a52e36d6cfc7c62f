/** Files as the spool uses them: whole reads and writes, and errors that say what the operating system said. */
import { type FileHandle, open } from "node:fs/promises"
import { Data, Effect } from "effect"
import * as Sqlite from "../sqlite.ts"

/** The folder cannot be read or written. */
export class StoreError extends Data.TaggedError("StoreError")<{ readonly cause: unknown }> {
  override get message() {
    return Sqlite.reasonOf(this.cause)
  }
}

export const attempt = <A>(run: () => Promise<A>): Effect.Effect<A, StoreError> =>
  Effect.tryPromise({ try: run, catch: (cause) => new StoreError({ cause }) })

export const writeAll = async (file: FileHandle, bytes: Buffer, at: number): Promise<void> => {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, at + done)
    done += bytesWritten
  }
}

/** From a place up to a size; less where the file is shorter. */
export const readFrom = async (path: string, from: number, size: number): Promise<Buffer> => {
  const file = await open(path, "r")
  try {
    const bytes = Buffer.allocUnsafe(size - from)
    let filled = 0
    for (let got = 1; got > 0 && filled < bytes.length; filled += got) {
      ;({ bytesRead: got } = await file.read(bytes, filled, bytes.length - filled, from + filled))
    }
    return bytes.subarray(0, filled)
  } finally {
    await file.close()
  }
}

/** What was made or deleted in it outlives a power cut. */
export const syncFolder = async (folder: string): Promise<void> => {
  const file = await open(folder, "r")
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}
