/**
 * The trace of a batch: what the chunk went through that its first record came with, which waited longest of all in it; then
 * its handing over to the sink. Its records carry the trace's context, and the sink's sends go on from there. A chunk costs a
 * few looks at the clock, a record nothing; without a collector, nothing does.
 */
import { Effect, Option, Random } from "effect"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import { AppConfig } from "../services/AppConfig.ts"
import type { Frame } from "../services/MarketFeed.ts"
import * as Traces from "../services/Traces.ts"
import * as Fifo from "./lane/Fifo.ts"

interface Stage {
  readonly name: "decode" | "sequence" | "encode"
  readonly from: bigint
  readonly to: bigint
}

/** What became events and records together. */
export interface Chunk {
  /** Of the first frame, Unix ms. */
  readonly receivedAt: number | undefined
  readonly frames: number
  readonly begun: bigint
  readonly stages: ReadonlyArray<Stage>
  /** A stage has taken from the end of the one before, or from the chunk's beginning, until now. */
  readonly done: (stage: Stage["name"]) => void
}

export interface BatchTrace {
  /** A chunk begins: of frames, or of what the history has. */
  readonly chunk: (frames?: ReadonlyArray<Frame>) => Chunk
  /** So many records of it go to the batches, behind those before. */
  readonly queued: (records: number, chunk: Chunk) => void
  /** Publishes the next of them. */
  readonly batch: <E>(
    records: ReadonlyArray<SinkRecord>,
    publish: (records: ReadonlyArray<SinkRecord>) => Effect.Effect<void, E>
  ) => Effect.Effect<void, E>
}

const nothing: Chunk = { receivedAt: undefined, frames: 0, begun: 0n, stages: [], done: () => {} }

const off: BatchTrace = {
  chunk: () => nothing,
  queued: () => {},
  batch: (records, publish) => publish(records)
}

const makeChunk = (now: () => bigint, frames: ReadonlyArray<Frame>): Chunk => {
  const begun = now()
  const stages: Array<Stage> = []
  return {
    receivedAt: frames[0]?.receivedAt,
    frames: frames.length,
    begun,
    stages,
    done: (name) => void stages.push({ name, from: stages.at(-1)?.to ?? begun, to: now() })
  }
}

/** Which chunks records come from, told by counting: they leave the queue in the order they entered it. */
const makeOrigins = () => {
  const waiting = Fifo.make<{ readonly chunk: Chunk; readonly records: number }>()
  let current = { chunk: nothing, left: 0 }
  return {
    queued: (records: number, chunk: Chunk): void => {
      if (records > 0) waiting.push({ records, chunk })
    },
    /** The chunk of the first of the next records, and how many chunks they come from. */
    take: (records: number) => {
      const found: Array<Chunk> = []
      for (let wanted = records; wanted > 0;) {
        if (current.left === 0) {
          const [next] = waiting.take((_, index) => index === 0)
          if (next === undefined) break
          current = { chunk: next.chunk, left: next.records }
        }
        found.push(current.chunk)
        const taken = Math.min(current.left, wanted)
        current.left -= taken
        wanted -= taken
      }
      return { chunk: found[0] ?? nothing, chunks: found.length }
    }
  }
}

const nanos = (millis: number): bigint => BigInt(millis) * 1_000_000n

export const make = Effect.gen(function* () {
  const { otel, sink } = yield* AppConfig
  if (Option.isNone(otel.endpoint)) return off
  const recorder = yield* Traces.recorder
  const random = yield* Random.Random
  /** Chosen before there is a span: to begin one, and to be told that it is not recorded, costs more than the rest. */
  const isChosen = () => random.nextDoubleUnsafe() < otel.ratio
  const origins = makeOrigins()

  const trace: BatchTrace = {
    chunk: (frames = []) => makeChunk(recorder.now, frames),
    queued: origins.queued,
    batch: (records, publish) =>
      Effect.suspend(() => {
        const { chunk, chunks } = origins.take(records.length)
        if (!isChosen()) return publish(records)
        const now = recorder.now()
        const begun = chunk === nothing ? now : chunk.begun
        const received = chunk.receivedAt === undefined ? begun : nanos(chunk.receivedAt)
        const root = recorder.root(Traces.BATCH, received < begun ? received : begun, "producer")
        if (!root.sampled) return publish(records)

        for (const { from, name, to } of chunk.stages) recorder.stage(root, name, from, { to })
        recorder.stage(root, "queue", chunk.stages.at(-1)?.to ?? begun, { to: now })
        const attributes = {
          "messaging.system": sink,
          "messaging.operation.name": "create",
          "messaging.operation.type": "create",
          "messaging.batch.message_count": records.length,
          "binance.topics": [...new Set(records.map(({ topic }) => topic))],
          "binance.chunks": chunks,
          "binance.frames": chunk.frames
        }
        for (const [key, value] of Object.entries(attributes)) root.attribute(key, value)
        const traceparent = Traces.traceparentOf(root)
        const marked = records.map((record) => ({ ...record, headers: { ...record.headers, traceparent } }))
        return publish(marked).pipe(
          Effect.withParentSpan(root, { captureStackTrace: false }),
          Effect.onExit((exit) =>
            Effect.sync(() => {
              recorder.stage(root, "publish", now, { exit })
              root.end(recorder.now(), exit)
            })
          )
        )
      })
  }
  return trace
})
