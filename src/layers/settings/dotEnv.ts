/**
 * A `.env` file: `NAME=value` a line, `export` before it and `#` comments allowed. A value may stand in quotes, over several
 * lines too; in double quotes `\n` is a line break. A `#` begins a comment only after a blank: passwords hold it.
 */
import { Result } from "effect"

const ASSIGNMENT = /[^\S\n]*(?:export[^\S\n]+)?([A-Za-z_]\w*)[^\S\n]*=/y
const QUOTED = /[^\S\n]*(?:"((?:\\.|[^"\\])*)"|'([^']*)'|`([^`]*)`)[^\S\n]*(?:#[^\n]*)?(?=\n|$)/sy
const BARE = /(?![^\S\n]*["'`])[^\n]*/y
const COMMENT = /\s#.*$/
const NOTHING = /[^\S\n]*(?:#[^\n]*)?(?=\n|$)/y

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t" }

const unescape = (text: string): string =>
  text.replaceAll(/\\([nrt"\\$])/g, (_, escaped: string) => ESCAPES[escaped] ?? escaped)

/** Fails with a line for each one that cannot be read; what it holds is not repeated, it may be a secret. */
export const parse = (content: string): Result.Result<Readonly<Record<string, string>>, ReadonlyArray<string>> => {
  const text = content.replace(/^\uFEFF/, "").replaceAll(/\r\n?/g, "\n")
  const values = new Map<string, string>()
  const faults: Array<string> = []
  let at = 0
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (match !== null) at = pattern.lastIndex
    return match
  }
  while (at < text.length) {
    const start = at
    const [, name] = take(NOTHING) === null ? (take(ASSIGNMENT) ?? []) : []
    if (name !== undefined) {
      const quoted = take(QUOTED)
      const value =
        quoted === null
          ? take(BARE)?.[0].replace(COMMENT, "").trim()
          : (quoted[2] ?? quoted[3] ?? unescape(quoted[1] ?? ""))
      if (value !== undefined) values.set(name, value)
    }
    if (at < text.length && text[at] !== "\n") {
      const line = text.slice(0, start).split("\n").length
      faults.push(
        name === undefined
          ? `line ${line}: expected NAME=value, for example BATCH_SIZE=100`
          : `line ${line}: the quotes around ${name} do not close, or something follows them`
      )
      at = text.indexOf("\n", at) === -1 ? text.length : text.indexOf("\n", at)
    }
    at++
  }
  return faults.length > 0 ? Result.fail(faults) : Result.succeed(Object.fromEntries(values))
}
