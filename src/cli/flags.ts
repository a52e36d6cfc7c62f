/** Flags that several commands have. */
import { Option, Result } from "effect"
import { Flag } from "effect/cli"
import { parseTimeSpan, TIME_SPANS } from "../schema/timeSpan.ts"

/** A flag by a parser, whose failure says what is expected. */
export const parsed =
  <A>(parse: (text: string) => Result.Result<A, string>) =>
  (flag: Flag.Flag<string>): Flag.Flag<A> =>
    Flag.filterMap(
      flag,
      (text) => Result.getSuccess(parse(text)),
      (text) => Result.match(parse(text), { onFailure: (fault) => fault, onSuccess: () => text })
    )

/** A whole number above 0. */
export const positive = (name: string, most = Infinity): Flag.Flag<number> =>
  Flag.Int(name).pipe(
    Flag.filter(
      (count) => count > 0 && count <= most,
      () => (most === Infinity ? "1 or more" : `a whole number from 1 to ${most}`)
    )
  )

/** A span of time above 0, in ms. */
export const timeSpan = (name: string): Flag.Flag<number> =>
  Flag.String(name).pipe(
    Flag.filterMap(
      (text) => Option.filter(Option.fromUndefinedOr(parseTimeSpan(text)), (millis) => millis > 0),
      () => `a time such as ${TIME_SPANS}`
    ),
    Flag.withMetavar("time")
  )
