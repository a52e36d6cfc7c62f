/**
 * What may stand in a list of streams beside their names: `*usdt@trade` is the trades of every symbol that ends in USDT,
 * `top50:usdt@bookTicker` those of the fifty that are traded the most for USDT, `-shibusdt@*` is nothing of SHIBUSDT, wherever
 * in the list it stands. Which symbols these are, only the exchange can say: `pipeline/Selection`.
 */
import { Array as Arr, Result } from "effect"
import { type Market, spot } from "./Market.ts"
import type { StreamKind } from "./StreamKind.ts"
import { parseStreamName, type StreamName } from "./StreamName.ts"

export type StreamPattern =
  /** Every symbol that `symbols` fits. */
  | {
      readonly _tag: "Every"
      readonly text: string
      readonly symbols: string
      readonly suffix: string
      readonly kind: StreamKind
      readonly market: Market
    }
  /** The `count` symbols with the highest turnover in 24 hours, of those that are traded for `quote`. */
  | {
      readonly _tag: "Top"
      readonly text: string
      readonly count: number
      readonly quote: string
      readonly suffix: string
      readonly kind: StreamKind
      readonly market: Market
    }
  /** None of these. */
  | { readonly _tag: "Except"; readonly text: string; readonly symbols: string; readonly suffix: string }

/** What a list of streams asks for. */
export interface Wanted {
  /** Named outright; what an exception takes away is not among them. */
  readonly streams: ReadonlyArray<StreamName>
  /** What the exchange's list of symbols decides. */
  readonly patterns: ReadonlyArray<StreamPattern>
}

const TOP = /^top(\d{1,5}):(.*)$/i

/** Whether a text is what a word with `*` for any letters says; in symbols, case does not matter. */
const fits = (word: string, text: string): boolean => {
  const [head = "", ...rest] = word.split("*")
  const tail = rest.pop()
  if (tail === undefined) return text === word
  if (!text.startsWith(head) || !text.endsWith(tail) || text.length < head.length + tail.length) return false
  let at = head.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0 || found + part.length > text.length - tail.length) return false
    at = found + part.length
  }
  return true
}

export const fitsSymbol = (word: string, symbol: string): boolean => fits(word.toUpperCase(), symbol.toUpperCase())

/** Whether an exception takes a stream away. */
export const excepts = (
  { suffix, symbols }: Pick<StreamPattern & { _tag: "Except" }, "suffix" | "symbols">,
  stream: StreamName
): boolean => stream.symbol !== undefined && fitsSymbol(symbols, stream.symbol) && fits(suffix, stream.suffix)

const parseException = (text: string, market: Market): Result.Result<StreamPattern, string> => {
  const rest = text.slice(1).trim()
  const at = rest.indexOf("@")
  if (at < 1 || rest.startsWith("!")) {
    return Result.fail("an exception is of symbols and kinds, such as -shibusdt@* or -*try@trade")
  }
  const symbols = rest.slice(0, at)
  const suffix = rest.slice(at + 1)
  if (!suffix.includes("*"))
    return Result.map(parseStreamName(rest, market), () => ({ _tag: "Except", text, symbols, suffix }))
  return [...market.bySuffix.keys()].some((one) => fits(suffix, one))
    ? Result.succeed({ _tag: "Except", text, symbols, suffix })
    : Result.fail(`${JSON.stringify(suffix)} fits no stream kind: -${symbols}@* takes away all of them`)
}

const parseTop = (text: string, count: number, rest: string, market: Market): Result.Result<StreamPattern, string> =>
  Result.flatMap(parseStreamName(rest, market), ({ kind, suffix, symbol = "" }) => {
    if (count === 0) return Result.fail("the most traded are one at least, such as top50:usdt@bookTicker")
    return symbol.includes("*")
      ? Result.fail(
          "what stands before the @ is the asset that symbols are traded for, such as top50:usdt@bookTicker: turnovers in different assets cannot be compared"
        )
      : Result.succeed({ _tag: "Top", text, count, quote: symbol, suffix, kind, market })
  })

/** Parses one item of a list as a user writes it; the failure says what is wrong with it, and what may have been meant. */
export const parse = (written: string, market: Market = spot): Result.Result<StreamName | StreamPattern, string> => {
  const text = written.trim()
  if (text.startsWith("-")) return parseException(text, market)
  const [, count, rest] = TOP.exec(text) ?? []
  if (count !== undefined && rest !== undefined) return parseTop(text, Number(count), rest.trim(), market)
  const [, suffix = ""] = text.split("@", 2)
  if (suffix.includes("*")) {
    return Result.fail("every kind at once can only be taken away (-shibusdt@*): name the kind, such as *usdt@trade")
  }
  return Result.map(parseStreamName(text, market), (stream) =>
    stream.symbol?.includes("*") === true
      ? { _tag: "Every", text, symbols: stream.symbol, suffix: stream.suffix, kind: stream.kind, market }
      : stream
  )
}

const isPattern = (item: StreamName | StreamPattern): item is StreamPattern => "_tag" in item

/** What is wrong with an item of a list. */
export interface Fault {
  readonly item: string
  readonly reason: string
}

/** What the items of a list come to together, or what is wrong with each bad one. */
export const parseAll = (
  items: ReadonlyArray<string>,
  market: Market = spot
): Result.Result<Wanted, ReadonlyArray<Fault>> => {
  const [parsed, faults] = Arr.partition(items, (item) =>
    Result.mapError(parse(item, market), (reason): Fault => ({ item, reason }))
  )
  if (faults.length > 0) return Result.fail(faults)
  const patterns = [...new Map(parsed.filter(isPattern).map((one) => [one.text.toLowerCase(), one])).values()]
  const named = [...new Map(parsed.flatMap((one) => (isPattern(one) ? [] : [[one.name, one]]))).values()]
  const contradictions = named.flatMap(({ name, ...stream }): ReadonlyArray<Fault> => {
    const exception = patterns.find((one) => one._tag === "Except" && excepts(one, { name, ...stream }))
    return exception === undefined ? [] : [{ item: name, reason: `${exception.text} takes it away again` }]
  })
  if (contradictions.length > 0) return Result.fail(contradictions)
  return Result.succeed({ streams: named, patterns: patterns.some(({ _tag }) => _tag !== "Except") ? patterns : [] })
}

/** The kinds of streams that it asks for. */
export const kindsOf = ({ patterns, streams }: Wanted): ReadonlyArray<StreamKind> => [
  ...new Set([
    ...streams.map(({ kind }) => kind),
    ...patterns.flatMap((pattern) => (pattern._tag === "Except" ? [] : [pattern.kind]))
  ])
]
