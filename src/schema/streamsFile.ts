/** A file of streams: a name or a pattern a line, `#` begins a comment. */
import { Result } from "effect"
import { type Market, spot } from "./Market.ts"
import { parseAll, type Wanted } from "./StreamPattern.ts"

const COMMENT = /(^|\s)#.*$/

/** What it asks for, or what is wrong with it, a line for each fault. */
export const parse = (text: string, market: Market = spot): Result.Result<Wanted, ReadonlyArray<string>> => {
  /** The items, and the line of each that it stands in first. */
  const lines = new Map<string, number>()
  for (const [index, line] of text
    .replace(/^\uFEFF/, "")
    .split(/\r\n?|\n/)
    .entries()) {
    for (const item of line.replace(COMMENT, "").split(",")) {
      const written = item.trim()
      if (written !== "" && !lines.has(written)) lines.set(written, index + 1)
    }
  }
  if (lines.size === 0) return Result.fail(["it names no stream, such as btcusdt@trade"])
  return Result.mapError(parseAll([...lines.keys()], market), (faults) =>
    faults.map(({ item, reason }) => `line ${lines.get(item) ?? 1}, ${item}: ${reason}`)
  ).pipe(
    Result.flatMap((wanted) =>
      wanted.streams.length + wanted.patterns.length === 0
        ? Result.fail(["it only takes streams away, and asks for none"])
        : Result.succeed(wanted)
    )
  )
}
