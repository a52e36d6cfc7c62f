/** From a variable's text to its value: one parser for each sort of value. */
import { Array as Arr, Duration, Option, Result, Schema } from "effect"
import type { DailyWindow } from "../Settings.ts"
import type { Market } from "../Market.ts"
import { parseAll, type Wanted } from "../StreamPattern.ts"
import type { Parser, Problem } from "./Variable.ts"

const bad = (problem: Problem = {}): Result.Result<never, ReadonlyArray<Problem>> => Result.fail([problem])

/** A value typed by a Schema; what is wrong with it is said by what the variable expects. */
export const schema = <S extends Schema.ConstraintDecoder<unknown>>(codec: S): Parser<S["Type"]> => {
  const decode = Schema.decodeUnknownResult(codec)
  return (text) => Result.mapError(decode(text), () => [{}])
}

/** Digits as people write them: `0x10` and `1e3` are more likely mistakes. */
const numberOf = (pattern: RegExp) =>
  Schema.String.check(Schema.isPattern(pattern)).pipe(Schema.decodeTo(Schema.FiniteFromString))

export const whole = (minimum: number, maximum: number): Parser<number> =>
  schema(numberOf(/^\d+$/).check(Schema.isBetween({ minimum, maximum })))

export const millis = (maximum: number): Parser<Duration.Duration> => {
  const parse = whole(1, maximum)
  return (text) => Result.map(parse(text), Duration.millis)
}

const UNITS: Readonly<Record<string, number>> = { "": 1, kib: 2 ** 10, mib: 2 ** 20, gib: 2 ** 30, tib: 2 ** 40 }

/** A number of bytes, or of KiB, MiB, GiB, TiB. */
export const bytes =
  (minimum: number): Parser<number> =>
  (text) => {
    const [, number = "", unit = ""] = /^(\d{1,15})\s*([kmgt]ib)?$/i.exec(text) ?? []
    const size = number === "" ? Number.NaN : Number(number) * (UNITS[unit.toLowerCase()] ?? Number.NaN)
    return size >= minimum && Number.isSafeInteger(size) ? Result.succeed(size) : bad()
  }

/** The longest wait that a setting may ask for: a day. */
export const MAX_SECONDS = 86_400

const toSeconds = schema(numberOf(/^(\d+\.?\d*|\.\d+)$/).check(Schema.isBetween({ minimum: 0, maximum: MAX_SECONDS })))

const secondsOver =
  (isGood: (seconds: number) => boolean): Parser<Duration.Duration> =>
  (text) =>
    Result.flatMap(toSeconds(text), (seconds) => (isGood(seconds) ? Result.succeed(Duration.seconds(seconds)) : bad()))

export const seconds = secondsOver((seconds) => seconds > 0)
/** Below a second our own pings alone would use up the frames that the exchange allows. */
export const secondsOrOff = secondsOver((seconds) => seconds === 0 || seconds >= 1)

/** From 0 to 1. */
export const ratio: Parser<number> = schema(
  numberOf(/^(\d+\.?\d*|\.\d+)$/).check(Schema.isBetween({ minimum: 0, maximum: 1 }))
)

/** A part of a whole: above 0, at most 1. */
export const share: Parser<number> = schema(
  numberOf(/^(\d+\.?\d*|\.\d+)$/).check(Schema.isGreaterThan(0), Schema.isLessThanOrEqualTo(1))
)
const toSpeed = schema(numberOf(/^(\d+\.?\d*|\.\d+)$/).check(Schema.isGreaterThan(0)))

/** A factor above 0, or `max`, which is `Infinity`. */
export const speed: Parser<number> = (text) => (text.toLowerCase() === "max" ? Result.succeed(Infinity) : toSpeed(text))

/** A day at most. */
const MAX_MINUTES = 1440
const toMinutes = whole(0, MAX_MINUTES)

export const minutesOrOff: Parser<Duration.Duration> = (text) => Result.map(toMinutes(text), Duration.minutes)

/** A number of hours above 0. */
export const hours =
  (maximum: number): Parser<Duration.Duration> =>
  (text) =>
    Result.flatMap(toSeconds(text), (hours) =>
      hours > 0 && hours <= maximum ? Result.succeed(Duration.hours(hours)) : bad()
    )

const DAILY_WINDOW = /^([01]\d|2[0-3]):([0-5]\d)\s*-\s*([01]\d|2[0-3]):([0-5]\d)$/

/** `23:30-00:30`, over midnight too. */
export const dailyWindow: Parser<DailyWindow> = (text) => {
  const found = DAILY_WINDOW.exec(text)
  if (found === null) return bad()
  const [startHour = 0, startMinute = 0, endHour = 0, endMinute = 0] = found.slice(1).map(Number)
  const start = Duration.minutes(60 * startHour + startMinute)
  const end = Duration.minutes(60 * endHour + endMinute)
  return Duration.equals(start, end) ? bad({ because: "it begins when it ends" }) : Result.succeed({ start, end })
}

/** One of a closed list, its case aside. */
export const oneOf =
  <A>(choices: Readonly<Record<string, A>>): Parser<A> =>
  (text) => {
    const found = Object.entries(choices).find(([name]) => name.toLowerCase() === text.toLowerCase())
    return found === undefined ? bad() : Result.succeed(found[1])
  }

/** One of the words, its case aside. */
export const wordOf = <A extends string>(words: ReadonlyArray<A>): Parser<A> =>
  oneOf(Object.fromEntries(words.map((word): readonly [string, A] => [word, word])))

export const flag = oneOf({ true: true, false: false, 1: true, 0: false, yes: true, no: false, on: true, off: false })

export const text: Parser<string> = (text) => Result.succeed(text)

/** An address of one of the `schemes`. */
export const url =
  (...schemes: ReadonlyArray<string>): Parser<URL> =>
  (text) => {
    const parsed = URL.canParse(text) ? Option.some(new URL(text)) : Option.none()
    return Option.match(parsed, {
      onNone: () => bad(),
      onSome: (url) => (schemes.includes(url.protocol) && url.hostname !== "" ? Result.succeed(url) : bad())
    })
  }

/** `fstream.binance.com`, `demo-fstream.binance.com`: asked as spot is they acknowledge every stream, and most stay mute. */
const USDM_HOST = /(^|-)fstream\./

/** The exchange's address in its combined form, to which the program itself adds the streams and what serves them. */
const streamUrl =
  (market: Market): Parser<URL> =>
  (text) =>
    Result.flatMap(url("ws:", "wss:")(text), (url) => {
      const routes = new Set(market.kinds.flatMap(({ route }) => (route === undefined ? [] : [`/${route}`])))
      const [route] = /^\/(public|market|private)(?=\/|$)/.exec(url.pathname) ?? []
      if (url.searchParams.has("streams"))
        return bad({ because: "the streams stand in BINANCE_STREAMS, not in the address" })
      if (routes.size > 0 && url.searchParams.has("timeUnit"))
        return bad({ because: `${market.title} have no timeUnit: their times are milliseconds` })
      if (routes.size > 0 && route !== undefined)
        return bad({ because: `${[...routes].join(" and ")} are put into it for each stream, by what serves it` })
      if (routes.size === 0 && route !== undefined)
        return bad({ because: `${route} belongs to futures: set BINANCE_MARKET=usdm for them` })
      if (routes.size === 0 && USDM_HOST.test(url.hostname))
        return bad({ because: `${url.hostname} serves USD-M futures: set BINANCE_MARKET=usdm for them` })
      if (/^\/ws(\/|$)/.test(url.pathname)) {
        return bad({ because: "/ws does not say which stream a message belongs to, the combined form /stream does" })
      }
      if (url.pathname === "/" || url.pathname === "/stream/") url.pathname = "/stream"
      url.hash = ""
      // A question mark alone would stay otherwise.
      if (url.search === "") url.search = ""
      return url.pathname === "/stream" ? Result.succeed(url) : bad()
    })

/** The items of a list, blanks around them and empty ones left out. */
const items = (text: string): ReadonlyArray<string> =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== "")

/** Parses every item, so that each bad one is told. */
const list =
  <A>(
    parseItem: (item: string) => Result.Result<A, Problem>,
    keyOf: (item: A) => string
  ): Parser<Arr.NonEmptyReadonlyArray<A>> =>
  (text) => {
    const [problems, parsed] = partition(
      items(text).map((item) => Result.mapError(parseItem(item), (problem) => ({ part: item, ...problem })))
    )
    if (problems.length > 0) return Result.fail(problems)
    const distinct = [...new Map(parsed.map((item) => [keyOf(item), item])).values()]
    return Arr.isReadonlyArrayNonEmpty(distinct) ? Result.succeed(distinct) : bad({ because: "the list is empty" })
  }

const partition = <A, E>(results: ReadonlyArray<Result.Result<A, E>>): readonly [Array<E>, Array<A>] => {
  const failures: Array<E> = []
  const successes: Array<A> = []
  for (const result of results) {
    if (Result.isSuccess(result)) successes.push(result.success)
    else failures.push(result.failure)
  }
  return [failures, successes]
}

const streamUrlList = (market: Market) =>
  list(
    (item) => Result.mapError(streamUrl(market)(item), ([problem]) => ({ ...problem })),
    (url) => url.href
  )

const timeUnit = (url: URL): string => (url.searchParams.get("timeUnit") ?? "MILLISECOND").toUpperCase()

/** One address or more; an event must be the same whichever it comes from. */
export const streamUrls = (market: Market): Parser<readonly [URL, ...ReadonlyArray<URL>]> => {
  const parse = streamUrlList(market)
  return (text) =>
    Result.flatMap(parse(text), ([first, ...others]) => {
      if (first === undefined) return bad()
      const other = others.find((url) => timeUnit(url) !== timeUnit(first))
      return other === undefined
        ? Result.succeed([first, ...others])
        : bad({ part: other.href, because: `its timeUnit is another than that of ${first.host}` })
    })
}

export const streams =
  (market: Market): Parser<Wanted> =>
  (text) => {
    const written = items(text)
    if (written.length === 0) return bad({ because: "the list is empty" })
    return Result.mapError(parseAll(written, market), (faults) =>
      faults.map(({ item, reason }): Problem => ({ part: item, instead: reason }))
    ).pipe(
      Result.flatMap((wanted) =>
        wanted.streams.length + wanted.patterns.length === 0
          ? bad({ because: "it only takes streams away" })
          : Result.succeed(wanted)
      )
    )
  }

/** Addresses, each of one of the `schemes`. */
export const urls = (...schemes: ReadonlyArray<string>): Parser<Arr.NonEmptyReadonlyArray<URL>> =>
  list(
    (item) => Result.mapError(url(...schemes)(item), () => ({})),
    ({ href }) => href
  )

/** A host's name or address without a port. */
export const host: Parser<string> = (text) =>
  /^([^\s:/@[\]]+|[\da-f]*:[\da-f:.]+)$/i.test(text) ? Result.succeed(text) : bad()

const ADDRESS = /^(?:\[[\da-f:.]+\]|[^\s:/@[\]]+):(\d{1,5})$/i

export const servers: Parser<ReadonlyArray<string>> = list(
  (item) => {
    const port = Number(ADDRESS.exec(item)?.[1] ?? 0)
    return port >= 1 && port <= 65_535 ? Result.succeed(item) : Result.fail({})
  },
  (server) => server
)

/** The most characters that Kafka allows in a topic's name. */
export const TOPIC_LENGTH = 249

/** `__consumer_offsets` and its like: to create or fill one would break the cluster. */
export const INTERNAL = "__"
export const INTERNAL_ONLY = "names that begin with __ are Kafka's own"

export const topic: Parser<string> = (text) => {
  const [stranger] = /[^a-zA-Z0-9._-]/.exec(text) ?? []
  if (stranger !== undefined) return bad({ because: `${JSON.stringify(stranger)} is not allowed` })
  if (text.length > TOPIC_LENGTH) return bad({ because: `it has ${text.length} characters` })
  if (text.startsWith(INTERNAL)) return bad({ because: INTERNAL_ONLY })
  return text === "." || text === ".." ? bad() : Result.succeed(text)
}

/** Leaves room for every default name: where a topic's name is too long with its prefix, both were chosen. */
export const PREFIX_LENGTH = 200

/** The beginning of topics' names: alone it may be a dot. */
export const topicPrefix: Parser<string> = (text) =>
  /^[\w.-]*$/.test(text) && text.length <= PREFIX_LENGTH ? Result.succeed(text) : bad()
