/**
 * Records on disk, first in, first out: a folder of segments, each named by the number of its first record, and a small file
 * `head` with the number of the first record that is not acknowledged. A segment is deleted once all of it is. Without an
 * intact `head` reading begins with the first segment, and records that were acknowledged come once more.
 *
 * A write is done when the operating system has it: it outlives the process, and with `fsync` a power cut. Nothing is written
 * behind what an earlier process left: its last segment may end in the middle of a record.
 */
import { constants } from "node:fs"
import { access, type FileHandle, open as openFile, unlink } from "node:fs/promises"
import { join, resolve } from "node:path"
import { Clock, Effect, Predicate, Semaphore } from "effect"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import { makeFolder } from "../folder.ts"
import { attempt, readFrom, StoreError, syncFolder, writeAll } from "./files.ts"
import * as headFile from "./head.ts"
import * as lock from "./lock.ts"
import * as recordBytes from "./recordBytes.ts"
import * as Segment from "./Segment.ts"
import * as segmentFiles from "./segmentFiles.ts"
import type { SegmentFile } from "./segmentFiles.ts"
import type { Batch, Entry, Fault, Kept, Options, Store } from "./storeContract.ts"

export type * from "./storeContract.ts"

/** Where reading stands: a file, what is loaded of it, and the number that comes next. */
interface Cursor {
  segment: SegmentFile | undefined
  /** Of the buffer in the file. */
  offset: number
  buffer: Buffer
  /** In the buffer. */
  at: number
  next: number
}

/** What one write holds: the disk is given more, the rest of the program its turn. */
const WRITE_BYTES = 512 * 1024

/** A full disk is tried again so much later. */
const FULL_MS = 1000

const isFull = ({ cause }: StoreError): boolean =>
  Predicate.hasProperty(cause, "code") && (cause.code === "ENOSPC" || cause.code === "EDQUOT")

const faultOf = (error: StoreError): Fault => ({ kind: isFull(error) ? "full" : "broken", reason: error.message })

/** Opens the folder, made if it is missing, for this process alone. */
export const open = Effect.fnUntraced(function* (options: Options) {
  const folder = resolve(options.folder)
  yield* Effect.try({ try: () => makeFolder(folder), catch: (cause) => new StoreError({ cause }) })
  yield* attempt(() => access(folder, constants.W_OK))
  yield* lock.acquire(folder)
  const found = yield* attempt(() => segmentFiles.find(folder))
  const { segments } = found
  let { end, head } = found
  let bytes = segments.reduce((sum, { size }) => sum + size, 0)
  let full = { until: Number.NEGATIVE_INFINITY, reason: "" }

  /** The last segment, while it is open for writing. */
  let writing: { readonly segment: SegmentFile; readonly file: FileHandle } | undefined
  const reading: Cursor = { segment: segments[0], offset: 0, buffer: Buffer.alloc(0), at: 0, next: head }

  /** To the beginning of a file; `undefined`: of the first one. */
  const turnTo = (segment: SegmentFile | undefined): void => {
    Object.assign(reading, { segment, offset: 0, buffer: Buffer.alloc(0), at: 0 } satisfies Omit<Cursor, "next">)
  }

  const closeWriting = Effect.suspend(() => {
    const file = writing?.file
    writing = undefined
    return file === undefined ? Effect.void : Effect.ignore(attempt(() => file.close()))
  })

  const begin = async () => {
    const path = join(folder, segmentFiles.nameOf(end))
    const file = await openFile(path, "w")
    try {
      await writeAll(file, Segment.HEADER, 0)
      if (options.fsync) await syncFolder(folder)
    } catch (error) {
      await file.close()
      throw error
    }
    const segment = { first: end, path, size: Segment.HEADER.length }
    // One with this name held nothing but the torn end of a write.
    const torn = segments.at(-1)
    if (torn?.first === end) {
      segments.pop()
      bytes -= torn.size
      if (reading.segment === torn) turnTo(undefined)
    }
    segments.push(segment)
    bytes += segment.size
    return { segment, file }
  }

  /** Frames behind the last ones; after a failure nothing of them counts. */
  const write = (frames: Buffer) =>
    attempt(async () => {
      const { file, segment } = (writing ??= await begin())
      try {
        await writeAll(file, frames, segment.size)
        if (options.fsync) await file.datasync()
      } catch (error) {
        await file.truncate(segment.size)
        throw error
      }
      segment.size += frames.length
      bytes += frames.length
    }).pipe(
      // What a failed write left behind may not even be cut off: the next one goes to a new file.
      Effect.tapError(() => closeWriting)
    )

  const appendAll = Effect.fnUntraced(function* (records: ReadonlyArray<SinkRecord>, limit?: "unlimited") {
    let kept = 0
    if (records.length === 0) return { records: 0 } satisfies Kept
    const now = yield* Clock.currentTimeMillis
    if (now < full.until) return { records: 0, fault: { kind: "full", reason: full.reason } } satisfies Kept
    while (kept < records.length) {
      const chunk = Segment.measure(records, kept, Math.min(WRITE_BYTES, options.segmentBytes))
      if (limit === undefined && bytes + chunk.bytes > options.maxBytes) {
        const reason = `SPOOL_MAX_BYTES=${options.maxBytes} is reached`
        return { records: kept, fault: { kind: "bound", reason } } satisfies Kept
      }
      if (writing !== undefined && writing.segment.size >= options.segmentBytes) yield* closeWriting
      const failure = yield* write(Segment.encode(records.slice(kept, chunk.end), end, chunk.bytes)).pipe(
        Effect.as(undefined),
        Effect.catch(Effect.succeed)
      )
      if (failure !== undefined) {
        const fault = faultOf(failure)
        if (fault.kind === "full") full = { until: now + FULL_MS, reason: fault.reason }
        return { records: kept, fault } satisfies Kept
      }
      end += chunk.end - kept
      kept = chunk.end
    }
    return { records: kept } satisfies Kept
  })

  /** The file behind the one that is being read. */
  const following = (): SegmentFile | undefined => {
    const { segment } = reading
    return segment && segments.find(({ first }) => first > segment.first)
  }

  /** Brings the next bytes of the file, or the next file; false: there are none. */
  const load = async (): Promise<boolean> => {
    for (;;) {
      reading.segment ??= segments[0]
      const { segment } = reading
      if (segment === undefined) return false
      const from = reading.offset + reading.buffer.length
      if (from < segment.size) {
        reading.buffer = await readFrom(segment.path, from, segment.size)
        reading.offset = from
        reading.at = 0
        // A file that is shorter than it was: what is missing is counted with the next record.
        if (reading.buffer.length > 0) return true
      }
      const next = following()
      if (next === undefined) return false
      turnTo(next)
    }
  }

  const readBatch = async (maxBytes: number): Promise<Batch> => {
    const entries: Array<Entry> = []
    const began = reading.next
    let damaged = 0
    let size = 0
    // A number of the next segment is what a failed write left behind.
    let limit = following()?.first ?? end
    while (size < maxBytes) {
      if (reading.at >= reading.buffer.length) {
        let more: boolean
        try {
          more = await load()
        } catch (error) {
          // What has been read is not forgotten: the next time it fails again, or goes on.
          if (entries.length > 0) break
          reading.next = began
          throw error
        }
        if (!more) {
          damaged += end - reading.next
          reading.next = end
          break
        }
        limit = following()?.first ?? end
      }
      const frame = Segment.next(reading.buffer, reading.at)
      reading.at = frame?.end ?? reading.buffer.length
      if (frame === undefined || frame.number < reading.next || frame.number >= limit) continue
      const record = recordBytes.read(frame.payload)
      damaged += frame.number - reading.next + (record === undefined ? 1 : 0)
      reading.next = frame.number + 1
      if (record === undefined) continue
      entries.push({ number: frame.number, record })
      size += frame.payload.length
    }
    return { entries, end: reading.next, damaged }
  }

  const drop = Effect.fnUntraced(function* (segment: SegmentFile) {
    if (writing?.segment === segment) yield* closeWriting
    yield* Effect.ignore(attempt(() => unlink(segment.path)))
    segments.splice(segments.indexOf(segment), 1)
    bytes -= segment.size
    if (reading.segment === segment) turnTo(undefined)
  })

  /** Without the head a restart only repeats what is stored: no reason to stop. */
  const saveHead = Effect.suspend(() => Effect.ignore(attempt(() => headFile.write(join(folder, "head"), head))))

  const probe = Effect.match(
    attempt(() => headFile.write(join(folder, "head"), head)),
    { onSuccess: () => undefined, onFailure: faultOf }
  )

  const acknowledge = Effect.fnUntraced(function* (to: number) {
    head = Math.max(head, to)
    yield* saveHead
    for (let [first, second] = segments; second !== undefined && second.first <= head; [first, second] = segments) {
      if (first !== undefined) yield* drop(first)
    }
  })

  const compact = Effect.gen(function* () {
    if (head !== end) return
    yield* saveHead
    for (const segment of segments.slice()) yield* drop(segment)
  })

  const turn = yield* Semaphore.make(1)
  /** One after the other, and whole: a promise goes on though nobody waits for it. */
  const exclusive = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
    Effect.uninterruptible(Semaphore.withPermit(turn, effect))

  yield* Effect.addFinalizer(() => exclusive(Effect.andThen(compact, closeWriting)))
  // A process may have ended between saving the head and deleting what lies before it.
  yield* exclusive(acknowledge(head))

  return {
    append: (records: ReadonlyArray<SinkRecord>, limit?: "unlimited") => exclusive(appendAll(records, limit)),
    read: (maxBytes) => exclusive(attempt(() => readBatch(maxBytes))),
    rewind: exclusive(
      Effect.sync(() => {
        turnTo(undefined)
        reading.next = head
      })
    ),
    ack: (to) => exclusive(acknowledge(to)),
    compact: exclusive(compact),
    probe: exclusive(probe),
    status: () => ({ head, end, bytes })
  } satisfies Store
})
