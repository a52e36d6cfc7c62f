/** The bytes of a recording, block by block as they are asked for, unpacked where its name ends in `.zst`. */
import { createReadStream } from "node:fs"
import { open } from "node:fs/promises"
import { pipeline } from "node:stream"
import zlib from "node:zlib"
import { Effect, Predicate, type Scope } from "effect"
import { FeedError } from "../../services/MarketFeed.ts"
import { isZstd, problemWith } from "./zstd.ts"

const BLOCK_BYTES = 256 * 1024

export interface Blocks {
  /** The next block, which nobody else writes to; empty at the end. */
  readonly next: Effect.Effect<Uint8Array, FeedError>
  /** How much of the file has been read, and how much there is; 0 of what has no size. */
  readonly read: () => number
  readonly size: number
}

const reasonOf = (cause: unknown): string => (Predicate.isError(cause) ? cause.message : String(cause))

/** By what zstd says. */
const ADVICE: Readonly<Record<string, string>> = {
  Z_BUF_ERROR: "it ends in the middle: whoever wrote it was killed; everything before is read",
  ZSTD_error_prefix_unknown: "it is not packed by zstd: rename it if it is plain text"
}
const DAMAGED =
  "it is damaged, everything before is read; `zstd -t` tests a copy, and what is in it can only be recorded anew"

const unpackingReasonOf = (cause: unknown): string => {
  const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : ""
  return ADVICE[code] ?? (code.startsWith("ZSTD_error") ? `${DAMAGED} (${reasonOf(cause)})` : reasonOf(cause))
}

const failing = (file: string) => {
  const fail = (reason: string, cause?: unknown) =>
    new FeedError({ message: `REPLAY_FILE: cannot read ${file}: ${reason}`, cause })
  return {
    fail,
    attempt: <A>(body: () => Promise<A>): Effect.Effect<A, FeedError> =>
      Effect.tryPromise({ try: body, catch: (cause) => fail(reasonOf(cause), cause) })
  }
}

const openFile = (file: string) =>
  Effect.acquireRelease(
    failing(file).attempt(() => open(file)),
    (handle) => Effect.promise(() => handle.close()).pipe(Effect.timeoutOption("1 second"))
  )

const plain = Effect.fnUntraced(function* (file: string) {
  const { attempt } = failing(file)
  const handle = yield* openFile(file)
  const { size } = yield* attempt(() => handle.stat())
  let read = 0
  const blocks: Blocks = {
    size,
    read: () => read,
    next: attempt(() => handle.read(Buffer.allocUnsafeSlow(BLOCK_BYTES), 0, BLOCK_BYTES, null)).pipe(
      Effect.map(({ buffer, bytesRead }) => {
        read += bytesRead
        return buffer.subarray(0, bytesRead)
      })
    )
  }
  return blocks
})

const unpacked = Effect.fnUntraced(function* (file: string) {
  const { attempt, fail } = failing(file)
  const { size } = yield* Effect.scoped(Effect.flatMap(openFile(file), (handle) => attempt(() => handle.stat())))
  const unpacking = yield* Effect.acquireRelease(
    Effect.sync(() => {
      const stream = zlib.createZstdDecompress()
      // Its faults come out of the unpacking stream too.
      pipeline(createReadStream(file), stream, () => {})
      return stream
    }),
    (stream) => Effect.sync(() => stream.destroy())
  )
  const iterator = unpacking[Symbol.asyncIterator]()
  const blocks: Blocks = {
    size,
    read: () => unpacking.bytesWritten,
    next: Effect.flatMap(
      Effect.tryPromise({
        try: (): Promise<IteratorResult<Uint8Array, unknown>> => iterator.next(),
        catch: (cause) => fail(unpackingReasonOf(cause), cause)
      }),
      (result) => {
        if (result.done !== true) return Effect.succeed(result.value)
        return unpacking.bytesWritten < size
          ? Effect.fail(fail("there is more behind its first zstd frame: unpack it by `zstd -d`, and replay that"))
          : Effect.succeed(new Uint8Array())
      }
    )
  }
  return blocks
})

export const openBlocks = (file: string): Effect.Effect<Blocks, FeedError, Scope.Scope> => {
  const problem = problemWith(file)
  if (problem !== undefined) return Effect.fail(failing(file).fail(problem))
  return isZstd(file) ? unpacked(file) : plain(file)
}
