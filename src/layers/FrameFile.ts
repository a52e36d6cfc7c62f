/**
 * A recording being written: a line a frame (`pipeline/Recording`), zstd where its name ends in `.zst`. What was written a
 * second ago is in the file however the process ends, all of it once it is finished.
 */
import { open, rm } from "node:fs/promises"
import { pipeline } from "node:stream/promises"
import type { Writable } from "node:stream"
// The default import: a Node without zstd can still load the module and say which Node is needed.
import zlib from "node:zlib"
import { Effect, Predicate, Schedule, Schema, type Scope } from "effect"
import { lineOf } from "../pipeline/Recording.ts"
import type { Frame } from "../services/MarketFeed.ts"
import { drained } from "./drained.ts"
import { isZstd, problemWith } from "./recording/zstd.ts"

const FLUSH_EVERY = "1 second"
const FINISH_LIMIT = "5 seconds"

export class FrameFileError extends Schema.TaggedError<FrameFileError>()("FrameFileError", {
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {}

export interface FrameFile {
  /** Waits while the disk is slower. */
  readonly write: (frames: ReadonlyArray<Frame>) => Effect.Effect<void, FrameFileError>
  /** Completes when all is in the file, and gives its size. */
  readonly finish: Effect.Effect<number, FrameFileError>
  /** Takes the file away again; never what is no file, such as a pipe. */
  readonly discard: Effect.Effect<void, FrameFileError>
}

const reasonOf = (cause: unknown): string =>
  Predicate.hasProperty(cause, "code") && cause.code === "EEXIST"
    ? "it exists, and only --force overwrites it"
    : Predicate.isError(cause)
      ? cause.message
      : String(cause)

/** Without `overwrite` it must not exist. */
export const create = Effect.fnUntraced(function* (
  path: string,
  overwrite: boolean
): Effect.fn.Return<FrameFile, FrameFileError, Scope.Scope> {
  const failed = (cause: unknown) => new FrameFileError({ message: `cannot write ${path}: ${reasonOf(cause)}`, cause })
  const attempt = <A>(body: () => Promise<A>) => Effect.tryPromise({ try: body, catch: failed })
  const problem = problemWith(path)
  if (problem !== undefined) return yield* new FrameFileError({ message: `cannot write ${path}: ${problem}` })

  const file = yield* Effect.acquireRelease(
    attempt(() => open(path, overwrite ? "w" : "wx")),
    (file) => Effect.promise(() => file.close().catch(() => {})).pipe(Effect.timeoutOption("1 second"))
  )
  const written = file.createWriteStream({ autoClose: false })
  const packing = isZstd(path) ? zlib.createZstdCompress() : undefined
  const out: Writable = packing ?? written
  let failure: unknown
  const fail = (cause: unknown) => {
    failure ??= cause
  }
  const ended = packing === undefined ? undefined : pipeline(packing, written).catch(fail)
  out.on("error", fail)
  const whole = Effect.suspend(() => (failure === undefined ? Effect.void : Effect.fail(failed(failure))))

  if (packing !== undefined) {
    yield* Effect.sync(() => packing.flush()).pipe(Effect.repeat(Schedule.spaced(FLUSH_EVERY)), Effect.forkScoped)
  }
  return {
    write: (frames) =>
      Effect.sync(() => out.write(frames.map((frame) => `${lineOf(frame)}\n`).join(""))).pipe(
        Effect.andThen(drained(out)),
        Effect.andThen(whole)
      ),
    discard: attempt(async () => {
      if ((await file.stat()).isFile()) await rm(path)
    }),
    finish: Effect.callback<void>((resume) => {
      out.once("error", () => resume(Effect.void))
      out.end(() => resume(Effect.void))
    }).pipe(
      Effect.andThen(Effect.promise(async () => ended)),
      Effect.andThen(whole),
      Effect.andThen(attempt(() => file.stat())),
      Effect.map(({ size }) => size),
      Effect.timeoutOrElse({
        duration: FINISH_LIMIT,
        orElse: () => Effect.fail(failed(new Error(`the disk did not take it within ${FINISH_LIMIT}`)))
      })
    )
  }
})
