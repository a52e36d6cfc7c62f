/**
 * Which records `tail` shows. `name=value`: a field of the payload (`m`, `k.i`), else of the envelope (`backfilled`), else of the
 * record (`key`, `partition`, `offset`, `headers.event-id`) has this value; numbers are the same however many zeros follow.
 * `/regex/`, or `/regex/i`: the printed line matches.
 */
import { Option, Result } from "effect"
import { at, type View } from "./view.ts"

export type Filter = (view: View, line: string) => boolean

const DECIMAL = /^(-?)0*(\d+)(?:\.(\d*?)0*)?$/

/** A number without the zeros that say nothing; other text as it is. */
const plain = (text: string): string =>
  text.replace(DECIMAL, (_, sign: string, whole: string, fraction = "") =>
    fraction === "" ? `${sign}${whole}` : `${sign}${whole}.${fraction}`
  )

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value))

const fieldOf = ({ envelope, record, value }: View, path: string): unknown => {
  const { headers, key, offset, partition, timestamp, topic } = record
  // A header's name may hold a dot.
  if (path.startsWith("headers.")) return headers[path.slice("headers.".length)]
  const payload = Option.match(envelope, { onNone: () => undefined, onSome: ({ original_data }) => original_data })
  return at(payload, path) ?? at(value, path) ?? at({ key, offset, partition, timestamp, topic }, path)
}

const EXPECTED =
  "name=value, such as m=true, k.i=1m or partition=3, or a regular expression between slashes, such as /price=64/"

export const parse = (text: string): Result.Result<Filter, string> => {
  const [, source, flags = ""] = /^\/(.+)\/(i?)$/s.exec(text) ?? []
  if (source !== undefined) {
    return Result.try({
      try: () => new RegExp(source, `${flags}u`),
      catch: (error) => `a regular expression (${error instanceof Error ? error.message : String(error)})`
    }).pipe(Result.map((pattern) => (_, line) => pattern.test(line)))
  }
  const equals = text.indexOf("=")
  if (equals < 1) return Result.fail(EXPECTED)
  const path = text.slice(0, equals).trim()
  const wanted = plain(text.slice(equals + 1).trim())
  return Result.succeed((view) => {
    const found = fieldOf(view, path)
    return found !== undefined && plain(textOf(found)) === wanted
  })
}
