/**
 * The streams that the settings ask for, by the symbols that the exchange has, kept up while the program runs: the exchange's
 * list is looked at again now and then, `STREAMS_FILE` is watched, and SIGHUP reads anew what may change. A change is told, then
 * made; one that is bad is refused as a whole, and what was goes on.
 */
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Data, Duration, Effect, Layer, Option, Result, Stream } from "effect"
import { namesOf } from "../pipeline/namesOf.ts"
import * as Selection from "../pipeline/Selection.ts"
import { binance as variables } from "../schema/settings/binance.ts"
import type { Settings } from "../schema/Settings.ts"
import type { Wanted } from "../schema/StreamPattern.ts"
import * as StreamsFile from "../schema/streamsFile.ts"
import { AppConfig, Reread } from "../services/AppConfig.ts"
import { Health } from "../services/Health.ts"
import { LiveSettings } from "../services/LiveSettings.ts"
import { Status } from "../services/Status.ts"
import { fixed, Streams } from "../services/Streams.ts"
import * as BinanceRest from "./BinanceRest.ts"
import { liveOf } from "./LiveSettings.ts"
import * as MemoryStreams from "./MemoryStreams.ts"
import * as Live from "./streams/live.ts"
import { hangups } from "./streams/hangups.ts"
import { idleFault, patiently, select, strictly } from "./streams/resolve.ts"
import { type Look, watched } from "./streams/watched.ts"

/** The start cannot go on. */
export class StreamsError extends Data.TaggedError("StreamsError")<{ readonly message: string }> {}

/** How often the exchange is asked for a change that somebody waits for. */
const TRIES = 4

type Selection = Selection.Selected

const variableOf = ({ streamsFile }: Settings["binance"]): string =>
  Option.isSome(streamsFile) ? variables.streamsFile.name : variables.streams.name

const isSame = (one: Wanted, other: Wanted): boolean => textOf(one) === textOf(other)

const textOf = ({ patterns, streams }: Wanted): string =>
  [...streams.map(({ name }) => name), ...patterns.map(({ text }) => text)].join("\n")

/** What they are to begin with. */
const choose = (binance: Settings["binance"]) =>
  patiently(strictly(binance)).pipe(
    Effect.mapError((error) => new StreamsError({ message: `${variableOf(binance)}: ${error.message}` }))
  )

const make = Effect.gen(function* () {
  const settings = yield* AppConfig
  const reread = yield* Reread
  const live = yield* LiveSettings
  const health = yield* Health
  const status = yield* Status
  const { binance } = settings

  // Before the exchange is asked, which may take as long as it likes: nobody is to end the process by it.
  const signals = reread === undefined ? Stream.never : Stream.map(yield* hangups, () => onHangup(reread))

  let wanted: Wanted = binance
  let written = settings
  if (Selection.needsMarket(wanted)) {
    yield* health.resume({ state: "starting", detail: "asking the exchange which symbols there are" })
  }
  const first = yield* choose(binance)
  if (Selection.needsMarket(wanted)) {
    yield* Effect.logInfo("The streams are chosen by the exchange's symbols").pipe(
      Effect.annotateLogs({ streams: first.streams.length, names: namesOf(first.streams) })
    )
  }
  const held = yield* MemoryStreams.make(first.streams)

  const tell = Effect.fnUntraced(function* ({ streams }: Selection, reason: string, others: Live.Difference = {}) {
    const { joined, left } = MemoryStreams.difference(held.now(), streams)
    const difference = {
      ...(joined.length > 0 ? { joined: joined.length, joinedNames: namesOf(joined) } : {}),
      ...(left.length > 0 ? { left: left.length, leftNames: namesOf(left) } : {}),
      ...others
    }
    if (Object.keys(difference).length === 0) {
      yield* Effect.logInfo("Nothing changes").pipe(Effect.annotateLogs({ reason }))
      return
    }
    yield* Effect.logInfo("The settings change").pipe(Effect.annotateLogs({ reason, ...difference }))
  })

  const refuse = Effect.fnUntraced(function* (subject: string, why: string) {
    status.trouble({ subject, kind: "not applied", text: `a change is refused, what was goes on: ${why}` })
    yield* Effect.logError("A change is refused as a whole: what was goes on").pipe(
      Effect.annotateLogs({ source: subject, reason: why })
    )
  })

  /** What a new list comes to, or why it is a bad one. */
  const judge = (next: Wanted) =>
    patiently(strictly(next, MemoryStreams.difference(held.known(), next.streams).joined), TRIES).pipe(Effect.result)

  let hangupsFollowed = 0
  /** A file that the exchange could not be asked about: looked at again with its symbols. */
  let unheard: Look | undefined

  const fromFile = Effect.fnUntraced(function* (look: Look) {
    const { path, text } = look
    unheard = undefined
    const subject = `${variables.streamsFile.name}=${path}`
    const next = Result.flatMap(text, (content) =>
      Result.mapError(StreamsFile.parse(content, written.binance.market), (faults) => faults.join("; "))
    )
    if (Result.isFailure(next)) return yield* refuse(subject, next.failure)
    status.well(subject, "not applied")
    if (isSame(next.success, wanted)) return undefined
    const selected = yield* judge(next.success)
    if (Result.isFailure(selected)) {
      if (selected.failure._tag === "ExchangeInfoError") unheard = look
      return yield* refuse(subject, selected.failure.message)
    }
    wanted = next.success
    yield* tell(selected.success, subject)
    return yield* held.set(selected.success.streams, `${variables.streamsFile.name} has changed`)
  })

  const onHangup = Effect.fnUntraced(function* (read: Exclude<typeof reread, undefined>) {
    const next = yield* Effect.result(read)
    if (Result.isFailure(next)) return yield* refuse("SIGHUP", next.failure.faults.join("; "))
    const selected = yield* judge(next.success.binance)
    if (Result.isFailure(selected)) {
      return yield* refuse("SIGHUP", `${variableOf(next.success.binance)}: ${selected.failure.message}`)
    }
    status.well("SIGHUP", "not applied")
    const difference = Live.difference(written, next.success)
    const later = Live.later(settings, next.success)
    wanted = next.success.binance
    written = next.success
    hangupsFollowed++
    yield* tell(selected.success, "SIGHUP", difference)
    if (later.length > 0) {
      yield* Effect.logWarning("Settings have changed that take effect only at the next start").pipe(
        Effect.annotateLogs({ names: later.join(", ") })
      )
    }
    live?.set(liveOf(next.success))
    return yield* held.set(selected.success.streams, "SIGHUP")
  })

  /** Patterns of which it has been said that they come to nothing. */
  let idle: ReadonlySet<string> = new Set()
  const refresh = Effect.gen(function* () {
    if (unheard !== undefined) return yield* fromFile(unheard)
    if (!Selection.needsMarket(wanted)) return
    const asked = yield* Effect.result(select(wanted))
    if (Result.isFailure(asked)) {
      return yield* Effect.logWarning("The exchange's list of symbols cannot be fetched").pipe(
        Effect.annotateLogs({ reason: asked.failure.message })
      )
    }
    const { left } = MemoryStreams.difference(held.now(), asked.success.streams)
    if (left.length * 2 > held.now().length) {
      return yield* Effect.logWarning(
        "More than half of the streams would leave by the exchange's list of symbols: it is not followed this time"
      ).pipe(Effect.annotateLogs({ left: left.length, names: namesOf(left) }))
    }
    const idlers = Selection.idle(asked.success)
    for (const pattern of idlers.filter(({ text }) => !idle.has(text))) {
      yield* Effect.logWarning("A pattern of streams comes to nothing any more").pipe(
        Effect.annotateLogs({ pattern: pattern.text, reason: idleFault(pattern) })
      )
    }
    idle = new Set(idlers.map(({ text }) => text))
    const { streams } = asked.success
    const changes = MemoryStreams.difference(held.now(), streams)
    if (changes.joined.length + changes.left.length === 0) return
    yield* tell(asked.success, "the exchange's symbols have changed")
    yield* held.set(streams, "the exchange's symbols have changed")
  })

  const files = Stream.map(
    watched(
      () => written.binance.streamsFile,
      () => hangupsFollowed
    ),
    fromFile
  )
  const looks = Duration.isZero(binance.symbolsRefresh)
    ? Stream.never
    : Stream.map(Stream.drop(Stream.tick(binance.symbolsRefresh), 1), () => refresh)
  // One change after the other.
  yield* Stream.mergeAll([files, signals, looks], { concurrency: "unbounded" }).pipe(
    Stream.runForEach((change) => Effect.asVoid(change)),
    Effect.forkScoped
  )
  return held
})

/** As they are at the start, for good; without patterns the exchange is not asked. */
export const layerOnce = Layer.effect(
  Streams,
  Effect.gen(function* () {
    const { binance } = yield* AppConfig
    return fixed((yield* choose(binance)).streams)
  })
).pipe(Layer.provide(BinanceRest.layer))

/** Over any exchange's information. */
export const layerNoRest = Layer.effect(Streams, make).pipe(Layer.provide(NodeFileSystem.layer))

/** A recording's streams are named, and stay. */
export const layer = Layer.unwrap(
  Effect.map(AppConfig, ({ feed }) => (feed === "replay" ? Layer.empty : Layer.provide(layerNoRest, BinanceRest.layer)))
)
