/** Reads the query of a REST request as the exchange does, with the exchange's complaints. */
import { Data, Result } from "effect"
import type { Interval } from "../schema/intervals.ts"
import type { Market } from "./Market.ts"
import type { SymbolMarket } from "./SymbolMarket.ts"
import { EAST_8, isInterval } from "./time.ts"

/** Answered with status 400. */
export class RestError extends Data.TaggedError("RestError")<{ readonly code: number; readonly msg: string }> {
  get body(): string {
    return JSON.stringify({ code: this.code, msg: this.msg })
  }
}

export type Parsed<A> = Result.Result<A, RestError>

export const fail = (code: number, msg: string): Parsed<never> => Result.fail(new RestError({ code, msg }))

export type Parameters = ReadonlyMap<string, string>

const mandatory = (parameters: Parameters, name: string): Parsed<string> => {
  const value = parameters.get(name)
  return value === undefined || value === ""
    ? fail(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`)
    : Result.succeed(value)
}

export const readSymbol = (market: Market, parameters: Parameters): Parsed<SymbolMarket> =>
  Result.flatMap(mandatory(parameters, "symbol"), (name) => {
    const symbol = market.symbols.get(name)
    return symbol === undefined ? fail(-1121, "Invalid symbol.") : Result.succeed(symbol)
  })

export const readInteger = (parameters: Parameters, name: string): Parsed<number | undefined> => {
  const value = parameters.get(name)
  if (value === undefined) return Result.succeed(undefined)
  return /^\d{1,19}$/.test(value)
    ? Result.succeed(Number(value))
    : fail(-1100, `Illegal characters found in parameter '${name}'; legal range is '^[0-9]{1,20}$'.`)
}

/** More than `most` is cut to it, as the exchange does. */
export const readLimit = (parameters: Parameters, usual: number, most: number): Parsed<number> =>
  Result.flatMap(readInteger(parameters, "limit"), (limit) =>
    limit === 0
      ? fail(-1130, "Data sent for parameter 'limit' is not valid.")
      : Result.succeed(Math.min(limit ?? usual, most))
  )

/** An instant in ms or µs, told apart by its size; in µs. */
export const readInstant = (parameters: Parameters, name: string): Parsed<number | undefined> =>
  Result.map(readInteger(parameters, name), (value) => (value === undefined || value >= 1e14 ? value : value * 1000))

export const readInterval = (parameters: Parameters): Parsed<Interval> =>
  Result.flatMap(mandatory(parameters, "interval"), (value) =>
    isInterval(value) ? Result.succeed(value) : fail(-1120, "Invalid interval.")
  )

/** Candles are kept for UTC and UTC+8 only. */
export const readOffset = (parameters: Parameters): Parsed<number> => {
  const zone = parameters.get("timeZone") ?? "0"
  if (/^[+-]?0{1,2}(:00)?$/.test(zone)) return Result.succeed(0)
  return /^\+?0?8(:00)?$/.test(zone)
    ? Result.succeed(EAST_8)
    : fail(-1130, "Data sent for parameter 'timeZone' is not valid.")
}

/** Complains of parameters that the endpoint does not know. */
export const onlyKnown = (parameters: Parameters, known: ReadonlyArray<string>): Parsed<void> => {
  const read = [...parameters.keys()].filter((name) => known.includes(name)).length
  return read === parameters.size
    ? Result.succeed(undefined)
    : fail(-1104, `Not all sent parameters were read; read '${read}' parameter(s) but was sent '${parameters.size}'.`)
}
