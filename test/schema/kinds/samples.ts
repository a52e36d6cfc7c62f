/** Payloads to try kinds on: what each kind's file teaches, and the ways to spoil it. */
import { readFileSync } from "node:fs"
import { Cause, Exit, Option, Predicate, Schema, SchemaIssue } from "effect"
import type { EventFacts, StreamKind } from "../../../src/schema/StreamKind.ts"

export type Path = ReadonlyArray<string>
type Fields = Record<string, unknown>

/** The payload in the comment of `src/schema/kinds/<name>.ts` (`usdm/<kind>` of futures): what a reader sees there is what is tested. */
export const taughtText = (name: string): string => {
  const source = readFileSync(new URL(`../../../src/schema/kinds/${name}.ts`, import.meta.url), "utf8")
  const text = /```json\n \* (.*)\n/.exec(source)?.[1]
  if (text === undefined) throw new Error(`${name}.ts teaches no payload`)
  return text
}

export const taught = (name: string): Fields => JSON.parse(taughtText(name))

const isFields = (value: unknown): value is Fields => Predicate.isObject(value) && !Array.isArray(value)

/** A copy in which the field at the path is `value`, or is not there if that is `undefined`. */
export const put = (payload: Fields, path: Path, value: unknown): Fields => {
  const [key = "", ...rest] = path
  if (rest.length === 0) {
    const { [key]: _, ...others } = payload
    return value === undefined ? others : { ...payload, [key]: value }
  }
  const inner = payload[key]
  return { ...payload, [key]: put(isFields(inner) ? inner : {}, rest, value) }
}

export const get = (payload: unknown, path: Path): unknown =>
  path.reduce<unknown>((value, key) => (isFields(value) ? value[key] : undefined), payload)

/** Documented as to be ignored, so that nothing may depend on them. */
const ignored = new Set(["M", "k.B"])

/** Every field that must be there, those inside a field too. */
export const mandatory = (payload: Fields, parents: Path = []): ReadonlyArray<Path> =>
  Object.entries(payload)
    .flatMap(([key, value]) => {
      const path: ReadonlyArray<Path> = [parents.concat(key)]
      return isFields(value) ? path.concat(mandatory(value, path[0])) : path
    })
    .filter((path) => !ignored.has(path.join(".")))

/** Where -1 says that there was no trade. */
const mayBeMinusOne = new Set([
  "aggTrade f",
  "aggTrade l",
  "kline k.f",
  "kline k.L",
  "ticker F",
  "ticker L",
  "windowTicker F",
  "windowTicker L"
])

const words: Readonly<Record<string, ReadonlyArray<string>>> = {
  "forceOrder o.S": ["BUY", "SELL"],
  "kline k.i": ["1s", "1m", "3m", "5m", "15m", "30m", "1h", "2h", "4h", "6h", "8h", "12h", "1d", "3d", "1w", "1M"],
  "windowTicker e": ["1hTicker", "4hTicker", "1dTicker"]
}

const isLevel = (value: unknown): boolean =>
  Array.isArray(value) && value.length >= 2 && value.slice(0, 2).every(isDecimal)

const isDecimal = (value: unknown): boolean => typeof value === "string" && /^-?\d+(\.\d+)?$/.test(value)

/** Whether the exchange might send the value in that field, in our own words: by what it sent in the taught payload. */
export const isPossible = (kind: string, path: Path, sent: unknown, value: unknown): boolean => {
  const field = `${kind} ${path.join(".")}`
  const known = words[field]
  if (known !== undefined) return known.some((word) => word === value)
  if (path.join(".") === "e") return value === sent
  if (field === "referencePrice r" && value === null) return true
  if (field === "markPrice r" && value === "") return true
  if (Array.isArray(sent)) return Array.isArray(value) && value.every(isLevel)
  if (isFields(sent))
    return isFields(value) && Object.keys(sent).every((key) => ignored.has(`k.${key}`) || key in value)
  if (typeof sent === "number") {
    return Number.isSafeInteger(value) && Number(value) >= (mayBeMinusOne.has(field) ? -1 : 0)
  }
  if (isDecimal(sent)) return isDecimal(value)
  if (typeof sent === "string") return typeof value === "string" && value !== ""
  return typeof value === "boolean"
}

const nested = (depth: number): unknown => {
  let value: unknown = []
  for (let level = 0; level < depth; level++) value = [value]
  return value
}

/** Values that no field takes, or only one of another type. */
export const hostile: ReadonlyArray<unknown> = [
  null,
  true,
  "true",
  0.5,
  -2,
  -1,
  1e300,
  Number.NaN,
  Infinity,
  2 ** 53,
  -(2 ** 53),
  "",
  "abc",
  "NaN",
  "Infinity",
  "1e5",
  "1.",
  ".5",
  " 1",
  "1\n",
  "0x10",
  "١٢",
  "1,5",
  "--1",
  "7x",
  "TRADE",
  [],
  {},
  [null],
  [["1"]],
  [["1", 2]],
  [["1", "2"], null],
  JSON.parse('{"__proto__":{"t":1}}'),
  nested(10_000)
]

export interface Outcome {
  readonly facts?: EventFacts
  readonly faults?: ReadonlyArray<{ readonly path: string; readonly message: string }>
}

const format = SchemaIssue.makeFormatterStandardSchemaV1()

/** What came of a payload: its facts, or each fault with the path of the field. */
export const outcome = (kind: Pick<StreamKind, "decode">, payload: unknown): Outcome => {
  const exit = kind.decode(payload)
  if (Exit.isSuccess(exit)) return { facts: exit.value }
  const error = Option.getOrThrow(Cause.findErrorOption(exit.cause))
  if (!Schema.isSchemaError(error)) throw error
  return {
    faults: format(error.issue).issues.map(({ message, path }) => ({
      path: (path ?? []).map((part) => String(Predicate.isObject(part) ? part.key : part)).join("."),
      message
    }))
  }
}
