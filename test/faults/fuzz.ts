/**
 * `npm run fuzz`: hostile frames and control messages from a seed through the whole pipeline, most of them at once, a share over a
 * real socket. Every frame is accounted for: a record, a dead letter with its bytes, a dropped repeat or a logged control frame.
 */
import process from "node:process"
import { parseArgs } from "node:util"
import zlib from "node:zlib"
import { Context, Duration, Effect, Layer, Logger, Metric, Predicate, Queue, References } from "effect"
import * as BinanceWebSocket from "../../src/layers/BinanceWebSocket.ts"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as MemoryFeed from "../../src/layers/MemoryFeed.ts"
import * as MemoryHistory from "../../src/layers/MemoryHistory.ts"
import * as Ingest from "../../src/pipeline/Ingest.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import * as Telemetry from "../../src/services/Telemetry.ts"
import * as Exchange from "../support/exchange.ts"
import { goodFrame, hostileFrames, hostileStreams, seeded } from "../support/hostile.ts"
import { settingsLayer, streamNames, testSettings } from "../support/settings.ts"

const { values } = parseArgs({
  options: {
    frames: { type: "string", default: "1000000" },
    /** The part of them that goes over a socket. */
    socket: { type: "string", default: "0.05" },
    seed: { type: "string", default: "1" }
  }
})

const HUGE_EVERY = 20_000
/** More than the pipeline may ever hold. */
const MOST_RSS_MB = 1000
const SOCKET_BUFFER = 4 * 2 ** 20

const acknowledgements = ['{"result":null,"id":4711}', '{"result":["btcusdt@trade"],"id":"x"}']
/** Where somebody acts on them they are no mere messages: the connection is replaced. */
const controls = [
  ...acknowledgements,
  '{"error":{"code":1,"msg":"Invalid value type"},"id":4712}',
  '{"code":0,"msg":"Unknown property","id":4713}',
  '{"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1}}',
  '{"e":"serverShutdown","E":1}'
]

interface Account {
  records: number
  deadLetters: number
  controls: number
  duplicates: number
}

const none = (): Account => ({ records: 0, deadLetters: 0, controls: 0, duplicates: 0 })

/** Sends what the seed says, and keeps what must come of it. */
const makeSource = (seed: number, messages: ReadonlyArray<string>) => {
  const random = seeded(seed)
  const hostile = hostileFrames(seed)
  const sent = none()
  /** Of the hostile frames that have not come out yet. */
  const digests: Array<number> = []
  let n = 0
  const letter = (frame: string | Uint8Array) => {
    sent.deadLetters++
    digests.push(zlib.crc32(frame))
    return frame
  }
  return {
    sent,
    digests,
    next: (): string | Uint8Array => {
      n++
      if (n % HUGE_EVERY === 0) return letter(hostile.huge())
      const draw = random()
      if (draw < 0.2) return goodFrame(++sent.records)
      if (draw < 0.25 && sent.records > 0) {
        sent.duplicates++
        return goodFrame(1 + Math.floor(random() * sent.records))
      }
      if (draw < 0.3) {
        sent.controls++
        return messages[Math.floor(random() * messages.length)] ?? ""
      }
      return letter(hostile.next())
    }
  }
}

type Source = ReturnType<typeof makeSource>

/** Keeps nothing but the account. */
const makeSink = (source: Source) => {
  const got = none()
  const faults: Array<string> = []
  let letters = 0
  const take = ({ headers, topic, value }: SinkRecord) => {
    if (topic === "raw_trades") {
      got.records++
      if (headers["event-id"] === `binance:spot:trade:BTCUSDT:${got.records}`) return
      faults.push(`record ${got.records} is ${headers["event-id"]}`)
    } else if (topic === "dead_letter") {
      got.deadLetters++
      if (zlib.crc32(value) !== source.digests[letters++]) faults.push(`dead letter ${letters} is of another frame`)
      if (letters === 10_000) source.digests.splice(0, letters)
      if (letters === 10_000) letters = 0
    } else if (topic !== "continuity" || !Buffer.from(value).includes('"type":"stale","stream":"!miniTicker@arr"')) {
      // Of that stream never comes anything good: in a long run it is found to be mute, and rightly.
      faults.push(`a record for ${topic}: ${Buffer.from(value).toString()}`)
    }
  }
  const layer = Layer.succeed(EventSink, {
    publish: (batch) => Effect.sync(() => batch.forEach(take)),
    flush: Effect.void,
    pending: Effect.succeed(0),
    surrender: Effect.succeed(0)
  })
  return { got, faults, layer }
}

const settings = (url: URL) =>
  settingsLayer({
    binance: { ...testSettings().binance, wsUrls: [url], streams: streamNames(...hostileStreams) },
    batch: { size: 1000, timeout: Duration.millis(50) }
  })

const duplicates = Effect.map(Metric.value(Telemetry.duplicates), ({ count }) => Number(count))

/** Counts the control frames that the log tells of. */
const watched = <A, E, R>(got: Account, effect: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const before = yield* duplicates
    const result = yield* effect
    got.duplicates = (yield* duplicates) - before
    return result
  }).pipe(
    Effect.provide(
      Logger.layer([
        Logger.make(({ message }) => {
          if (/^(Control frame|The exchange answered a control frame)$/.test(String(message))) got.controls++
        })
      ])
    ),
    Effect.provideService(References.MinimumLogLevel, "Debug")
  )

const rss: Array<number> = []
const sample = () => rss.push(Math.round(process.memoryUsage().rss / 2 ** 20))

const atOnce = Effect.fnUntraced(function* (frames: number, source: Source, { layer }: ReturnType<typeof makeSink>) {
  const context = yield* Layer.build(
    Layer.mergeAll(MemoryFeed.layerBounded(2000), layer, MemoryHistory.none).pipe(
      Layer.provideMerge(HealthState.layer),
      Layer.provideMerge(settings(new URL("ws://127.0.0.1:1/stream")))
    )
  )
  const feed = Context.get(context, MemoryFeed.MemoryFrames)
  const send = Effect.gen(function* () {
    for (let n = 0; n < frames; n++) {
      yield* feed.offer(source.next())
      if (n % 20_000 === 0) sample()
    }
    yield* feed.end
  })
  yield* Effect.all([send, Effect.provide(Ingest.run, context)], { concurrency: 2 })
})

const overSocket = Effect.fnUntraced(function* (
  frames: number,
  source: Source,
  { got, layer }: ReturnType<typeof makeSink>
) {
  const exchange = yield* Exchange.make()
  const context = yield* Layer.build(
    Layer.mergeAll(BinanceWebSocket.layer, layer, MemoryHistory.none).pipe(
      Layer.provideMerge(HealthState.layer),
      Layer.provideMerge(settings(exchange.url))
    )
  )
  const send = Effect.gen(function* () {
    const { closed, received, socket } = yield* Queue.take(exchange.connections)
    yield* Queue.take(received).pipe(
      Effect.flatMap((request) =>
        Effect.sync(() => {
          source.sent.controls++
          const id = Predicate.hasProperty(request, "id") ? request.id : null
          socket.send(JSON.stringify({ result: null, id }))
        })
      ),
      Effect.forever,
      Effect.forkScoped
    )
    for (let n = 0; n < frames; n++) {
      const frame = source.next()
      socket.send(Buffer.from(frame as string), { binary: false })
      if (n % 5000 === 0) sample()
      while (socket.bufferedAmount > SOCKET_BUFFER) yield* Effect.sleep("5 millis")
    }
    const isComplete = () =>
      got.records + got.deadLetters >= source.sent.records + source.sent.deadLetters &&
      got.controls >= source.sent.controls
    while (!isComplete()) {
      if ((yield* Queue.size(closed)) > 0) return yield* Effect.die("the connection was closed over a frame")
      yield* Effect.sleep("20 millis")
    }
    return undefined
  })
  yield* Effect.raceFirst(send, Effect.andThen(Effect.provide(Ingest.run, context), Effect.never))
})

const accountOf = (title: string, { sent }: Source, { faults, got }: ReturnType<typeof makeSink>): boolean => {
  let isRight = faults.length === 0
  process.stdout.write(`${title}\n`)
  for (const name of ["records", "deadLetters", "duplicates", "controls"] as const) {
    if (sent[name] !== got[name]) isRight = false
    process.stdout.write(
      `  ${name.padEnd(12)} sent ${String(sent[name]).padStart(8)}, found ${String(got[name]).padStart(8)}\n`
    )
  }
  for (const fault of faults.slice(0, 5)) process.stdout.write(`  - ${fault}\n`)
  return isRight
}

const main = Effect.gen(function* () {
  const frames = Number(values.frames)
  const seed = Number(values.seed)
  const inSocket = Math.floor(frames * Number(values.socket))
  const first = makeSource(seed, controls)
  const firstSink = makeSink(first)
  yield* watched(firstSink.got, Effect.scoped(atOnce(frames - inSocket, first, firstSink)))
  const second = makeSource(seed + 1, acknowledgements)
  const secondSink = makeSink(second)
  yield* watched(secondSink.got, Effect.scoped(overSocket(inSocket, second, secondSink)))
  const accounts = [
    accountOf(`${frames - inSocket} frames through decoder, sequencer and records (seed ${seed})`, first, firstSink),
    accountOf(`${inSocket} frames over a socket (seed ${seed + 1})`, second, secondSink)
  ]
  const most = Math.max(...rss)
  process.stdout.write(`RSS first ${rss[1] ?? rss[0]} MB, last ${rss.at(-1)} MB, most ${most} MB\n`)
  return accounts.every(Boolean) && most < MOST_RSS_MB
})

const isRight = await Effect.runPromise(main)
process.stdout.write(isRight ? "every frame is accounted for\n" : "NOT every frame is accounted for\n")
process.exit(isRight ? 0 : 1)
