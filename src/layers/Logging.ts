/**
 * The log, all of it on stderr, so that stdout can carry records. `json`: one object a line, annotations beside the message.
 * `pretty`: one line a person reads, below it the stack if someone debugs. Text cannot break out of its line.
 */
import process from "node:process"
import util from "node:util"
import { Cause, Effect, Formatter, Layer, Logger, type LogLevel, Option, Redactable, References } from "effect"
import { AppConfig } from "../services/AppConfig.ts"

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

/** What belongs to the message, by name: annotations, failure, and the place in the traces if they go anywhere. */
const fieldsOf = ({ cause, fiber }: Options, traced: boolean): Readonly<Record<string, unknown>> => {
  const span = fiber.cache.span
  return {
    ...fiber.getRef(References.CurrentLogAnnotations),
    ...(cause.reasons.length > 0 && { error: failureOf(cause) }),
    ...(traced && span?.sampled === true && { trace_id: span.traceId, span_id: span.spanId })
  }
}

/** For someone who debugs. */
const stackOf = ({ cause, fiber }: Options): string | undefined =>
  cause.reasons.length > 0 && fiber.getRef(References.MinimumLogLevel) === "Debug" ? Cause.pretty(cause) : undefined

const json = (traced: boolean) =>
  Logger.make((options) => {
    const head = { timestamp: options.date.toISOString(), level: LEVELS[options.logLevel], message: messageOf(options) }
    // Said twice: first for the order, last so that no annotation takes their place.
    return Formatter.formatJson({ ...head, ...fieldsOf(options, traced), stack: stackOf(options), ...head })
  })

/** Line breaks, and whatever else could steer a terminal. */
const escaped = (text: string): string =>
  text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, (character) =>
    character === "\n" ? "\\n" : `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )

const quoted = (text: string): string => (/^[^\s"=]+$/.test(text) ? text : JSON.stringify(text))

const pretty = (traced: boolean, coloured: boolean) => {
  const paint = (style: Style, text: string) =>
    coloured ? util.styleText(style, text, { validateStream: false }) : text
  return Logger.make((options: Options) => {
    const level = LEVELS[options.logLevel].padEnd(7)
    const style = STYLES[options.logLevel]
    const fields = Object.entries(fieldsOf(options, traced))
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => ` ${paint("dim", `${escaped(name)}=`)}${escaped(quoted(textOf(value)))}`)
    const stack =
      stackOf(options)
        ?.split("\n")
        .map((line) => `\n    ${escaped(line)}`) ?? []
    return [
      paint("dim", options.date.toISOString()),
      ` ${style === undefined ? level : paint(style, level)} `,
      escaped(messageOf(options)),
      ...fields,
      ...stack
    ].join("")
  })
}

/** The logger over a terminal with or without colours; `layer` is this over stderr. */
export const layerOf = (coloured: boolean): Layer.Layer<never, never, AppConfig> =>
  Layer.unwrap(
    Effect.map(AppConfig, ({ log, otel }) => {
      const traced = Option.isSome(otel.endpoint)
      const logger = log.format === "json" ? json(traced) : pretty(traced, coloured)
      return Layer.mergeAll(
        Logger.layer([Logger.withConsoleError(logger)]),
        Layer.succeed(References.MinimumLogLevel, log.level)
      )
    })
  )

export const layer: Layer.Layer<never, never, AppConfig> = Layer.suspend(() =>
  // `hasColors` heeds NO_COLOR.
  layerOf(process.stderr.isTTY && process.stderr.hasColors())
)
