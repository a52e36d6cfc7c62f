/** What a line of a script may do. */
import { Result } from "effect"
import type { Market } from "../schema/Market.ts"
import { parseStreamName } from "../schema/StreamName.ts"
import { parseTimeSpan } from "../schema/timeSpan.ts"
import { drop, duplicate, type Cut, type Faults, type FrameVerdict } from "./Faults.ts"
import type { Frame } from "./Frame.ts"
import { makeRandom } from "./random.ts"

/** What the verbs act on: a simulator, and the faults that are in force together. */
export interface Stage {
  readonly cutAll: (how: Cut) => void
  readonly freezeAll: () => void
  readonly pause: () => void
  readonly resume: () => void
  readonly mute: (stream: string) => void
  readonly unmute: (stream: string) => void
  readonly setRate: (rate: number) => void
  readonly shutdownNotice: () => void
  readonly list: (symbol: string) => void
  readonly delist: (symbol: string) => void
  /** So many trades a second as long as no line says otherwise. */
  readonly rate: number
  /** Puts faults in force, and gives what takes them back. */
  readonly enforce: (faults: Faults) => () => void
  /** Ms from now, by the simulator's clock. */
  readonly later: (millis: number, action: () => void) => void
}

type Begin = (stage: Stage) => (() => void) | void

/** What a simulator has. */
export interface Scene {
  readonly market: Market
  readonly symbols: ReadonlyArray<string>
}

export interface Verb {
  /** What stands behind it, and what it does. */
  readonly usage: string
  readonly does: string
  readonly example: string
  /** It is over at once. */
  readonly isMoment?: true
  /** The failure completes "… takes". */
  readonly parse: (words: ReadonlyArray<string>, scene: Scene) => Result.Result<Begin, string>
}

const whole = (text: string | undefined, minimum: number, maximum: number): number | undefined => {
  const number = text !== undefined && /^\d+$/.test(text) ? Number(text) : -1
  return number >= minimum && number <= maximum ? number : undefined
}

/** A verb that takes nothing. */
const plain = (begin: Begin) => (words: ReadonlyArray<string>) =>
  words.length === 0 ? Result.succeed(begin) : Result.fail("nothing else")

/** A verb that takes one word. */
const one =
  <A>(expected: string, read: (word: string) => A | undefined, begin: (value: A) => Begin) =>
  ([word = "", ...more]: ReadonlyArray<string>): Result.Result<Begin, string> => {
    const value = more.length === 0 ? read(word) : undefined
    return value === undefined ? Result.fail(expected) : Result.succeed(begin(value))
  }

const share = (word: string): number | undefined => {
  const [, percent] = /^(\d+(?:\.\d+)?)%$/.exec(word) ?? []
  return percent !== undefined && Number(percent) > 0 && Number(percent) <= 100 ? Number(percent) / 100 : undefined
}

/** So large a part of the frames, the same ones in every run of the same frames. */
const someFrames = (verdict: (frame: Frame) => FrameVerdict) => (part: number) => (stage: Stage) => {
  const random = makeRandom("script")
  return stage.enforce({ onFrame: (frame) => (random() < part ? verdict(frame) : undefined) })
}

/** The name of a stream that a simulator of these symbols has. */
const streamOf =
  ({ market, symbols }: Scene) =>
  (word: string): string | undefined =>
    Result.match(parseStreamName(word, market), {
      onFailure: () => undefined,
      onSuccess: ({ name, symbol }) => (symbol === undefined || symbols.includes(symbol) ? name : undefined)
    })

const symbolIn = (word: string): string | undefined => {
  const symbol = word.toUpperCase()
  return /[\s/@!,]/.test(symbol) ? undefined : symbol
}

const httpStatus = (word: string): number | undefined => whole(word, 400, 599)

/** What Binance sends beside its 429 and 418. */
const retryAfter = (status: number) => (status === 429 || status === 418 ? { "Retry-After": "1" } : {})

const SHARE = "a part of the frames, from above 0% to 100%"
const STATUS = "a status from 400 to 599"

export const verbs: Readonly<Record<string, Verb>> = {
  cut: {
    usage: "cut [CODE]",
    does: "ends every connection: without a close frame, or with this code",
    example: "30s cut 1001",
    isMoment: true,
    parse: (words) =>
      words.length === 0
        ? Result.succeed((stage) => stage.cutAll("terminate"))
        : one(
            "nothing, or a close code from 1000 to 4999",
            (word) => whole(word, 1000, 4999),
            (code) => (stage) => stage.cutAll({ code, reason: "" })
          )(words)
  },
  freeze: {
    usage: "freeze",
    does: "leaves every connection half-open: nothing is sent or read any more, and nobody is told",
    example: "30s freeze",
    isMoment: true,
    parse: plain((stage) => stage.freezeAll())
  },
  shutdown: {
    usage: "shutdown",
    does: "announces a shutdown (serverShutdown) to every connection",
    example: "120s shutdown",
    isMoment: true,
    parse: plain((stage) => stage.shutdownNotice())
  },
  mute: {
    usage: "mute STREAM",
    does: "sends nothing of a stream any more; REST has what it missed",
    example: "45s mute btcusdt@aggTrade for 10s",
    parse: (words, scene) =>
      one(`a stream of ${scene.symbols.join(", ")}`, streamOf(scene), (name) => (stage) => {
        stage.mute(name)
        return () => stage.unmute(name)
      })(words)
  },
  drop: {
    usage: "drop N%",
    does: "loses a part of the frames",
    example: "30s drop 5% for 10s",
    parse: one(
      SHARE,
      share,
      someFrames(() => drop)
    )
  },
  repeat: {
    usage: "repeat N%",
    does: "sends a part of the frames twice",
    example: "30s repeat 5% for 10s",
    parse: one(SHARE, share, someFrames(duplicate))
  },
  refuse: {
    usage: "refuse STATUS",
    does: "refuses new connections",
    example: "60s refuse 503 for 20s",
    parse: one(
      STATUS,
      httpStatus,
      (status) => (stage) => stage.enforce({ onUpgrade: () => ({ refuse: { status, headers: retryAfter(status) } }) })
    )
  },
  hang: {
    usage: "hang",
    does: "leaves new connections without an answer",
    example: "60s hang for 20s",
    parse: plain((stage) => stage.enforce({ onUpgrade: () => "hang" }))
  },
  rest: {
    usage: "rest STATUS | rest slow TIME",
    does: "answers REST with a status, or so much later",
    example: "90s rest 429 for 10s",
    parse: (words) => {
      const [first, ...others] = words
      const expected = `${STATUS}, or slow and a time`
      return first === "slow"
        ? one(
            expected,
            parseTimeSpan,
            (delayMillis) => (stage) => stage.enforce({ onRest: () => ({ delayMillis }) })
          )(others)
        : one(
            expected,
            httpStatus,
            (status) => (stage) =>
              stage.enforce({ onRest: () => ({ answer: { status, headers: retryAfter(status), body: "{}" } }) })
          )(words)
    }
  },
  list: {
    usage: "list SYMBOL",
    does: "trades another symbol from then on",
    example: "30s list newusdt",
    parse: one("a symbol such as NEWUSDT", symbolIn, (symbol) => (stage) => {
      stage.list(symbol)
      return () => stage.delist(symbol)
    })
  },
  delist: {
    usage: "delist SYMBOL",
    does: "trades a symbol no more: it is in BREAK",
    example: "60s delist btcusdt",
    parse: one("a symbol such as BTCUSDT", symbolIn, (symbol) => (stage) => {
      stage.delist(symbol)
      return () => stage.list(symbol)
    })
  },
  halt: {
    usage: "halt",
    does: "nobody trades; connections and REST live on",
    example: "30s halt for 1m",
    parse: plain((stage) => {
      stage.pause()
      return stage.resume
    })
  },
  rate: {
    usage: "rate N",
    does: "so many trades a second over all symbols",
    example: "30s rate 5000 for 10s",
    parse: one(
      "trades a second, from 0 to 1000000",
      (word) => whole(word, 0, 1_000_000),
      (rate) => (stage) => {
        stage.setRate(rate)
        return () => stage.setRate(stage.rate)
      }
    )
  }
}
