/** One line of the log: what is said, when and beside which fields; as JSON, or for a person. */
import util from "node:util"
import { Cause, Formatter, type Logger, type LogLevel, Option, Redactable, References } from "effect"

export interface Line {
  readonly date: Date
  readonly level: LogLevel.LogLevel
  readonly message: string
  /** Annotations, failure, and the place in the traces if they go anywhere. */
  readonly fields: Readonly<Record<string, unknown>>
  /** For someone who debugs. */
  readonly stack: string | undefined
}

const LEVELS: Readonly<Record<LogLevel.LogLevel, string>> = {
  All: "ALL",
  Trace: "TRACE",
  Debug: "DEBUG",
  Info: "INFO",
  Warn: "WARNING",
  Error: "ERROR",
  Fatal: "FATAL",
  None: "NONE"
}

type Style = Parameters<typeof util.styleText>[0]
const STYLES: Partial<Record<LogLevel.LogLevel, Style>> = { Warn: "yellow", Error: "red", Fatal: ["red", "bold"] }

type Options = Logger.Options<unknown>

const textOf = (value: unknown): string => {
  const shown = Redactable.redact(value)
  return typeof shown === "string" ? shown : shown instanceof Error ? shown.message : Formatter.formatJson(shown)
}

const messageOf = ({ message }: Options): string =>
  Array.isArray(message) ? message.map(textOf).join(" ") : textOf(message)

/** What an operator needs of a failure: its message. */
const failureOf = (cause: Cause.Cause<unknown>): string =>
  Cause.hasInterruptsOnly(cause)
    ? "interrupted"
    : textOf(Option.getOrElse(Cause.findErrorOption(cause), () => Cause.squash(cause)))

/** `traced`: spans go somewhere; `full`: failures with their stacks. */
export const of = (options: Options, traced: boolean, full: boolean): Line => {
  const { cause, fiber } = options
  const span = fiber.cache.span
  const failed = cause.reasons.length > 0
  return {
    date: options.date,
    level: options.logLevel,
    message: messageOf(options),
    fields: {
      ...fiber.getRef(References.CurrentLogAnnotations),
      ...(failed && { error: failureOf(cause) }),
      ...(traced && span?.sampled === true && { trace_id: span.traceId, span_id: span.spanId })
    },
    stack: failed && full ? Cause.pretty(cause) : undefined
  }
}

/** One object a line. */
export const json = ({ date, fields, level, message, stack }: Line): string => {
  const head = { timestamp: date.toISOString(), level: LEVELS[level], message }
  // Said twice: first for the order, last so that no annotation takes their place.
  return Formatter.formatJson({ ...head, ...fields, stack, ...head })
}

/** Line breaks, and whatever else could steer a terminal. */
const escaped = (text: string): string =>
  text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, (character) =>
    character === "\n" ? "\\n" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )

const quoted = (text: string): string => (/^[^\s"=]+$/.test(text) ? text : JSON.stringify(text))

/** One line that a person reads, below it the stack. */
export const pretty =
  (coloured: boolean) =>
  ({ date, fields, level, message, stack }: Line): string => {
    const paint = (style: Style, text: string) =>
      coloured ? util.styleText(style, text, { validateStream: false }) : text
    const name = LEVELS[level].padEnd(7)
    const style = STYLES[level]
    const shown = Object.entries(fields)
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => ` ${paint("dim", `${escaped(key)}=`)}${escaped(quoted(textOf(value)))}`)
    return [
      paint("dim", date.toISOString()),
      ` ${style === undefined ? name : paint(style, name)} `,
      escaped(message),
      ...shown,
      ...(stack?.split("\n").map((below) => `\n    ${escaped(below)}`) ?? [])
    ].join("")
  }
