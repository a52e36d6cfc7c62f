import { Effect, Layer, Option } from "effect"
import { Flag } from "effect/cli"
import { fieldsOf } from "../../schema/fields.ts"
import { isReplayable, type StreamKind } from "../../schema/StreamKind.ts"
import { clipped } from "../../pipeline/clipped.ts"
import type { StreamName } from "../../schema/StreamName.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import { ExchangeInfo } from "../../services/ExchangeInfo.ts"
import { Foundation, load, make } from "../Command.ts"
import { print, warn } from "../print.ts"
import { style } from "../style.ts"
import { layout } from "../table.ts"

const NONE = 1

const HISTORY = {
  ids: "yes: what was missed is fetched by id",
  times: "yes: closed candles are fetched by time",
  updates: "no: what was missed is gone, and said to be",
  none: "no"
} as const

const ORDER = {
  ids: "by id, each one more than the last, per symbol",
  times: "closed candles by time, each beginning where the last ended, per symbol and interval",
  updates: "by update id, each event beginning where the last ended, per symbol",
  none: "as received; repeats are dropped"
} as const

const orderOf = ({ sequence }: StreamKind): keyof typeof ORDER => sequence ?? "none"

const namesOf = ({ allMarket, suffixes }: StreamKind): ReadonlyArray<string> => [
  ...suffixes.map((suffix) => `<symbol>@${suffix}`),
  ...allMarket
]

const text = (kind: StreamKind, topic: string): string => {
  const fields = fieldsOf(kind)
  const width = Math.max(...fields.map(({ name }) => name.length))
  return [
    `${style("bold", kind.name)}: ${kind.title}`,
    `  streams  ${namesOf(kind).join(", ")}`,
    `  topic    ${topic} (${kind.topic.variable})`,
    `  history  ${HISTORY[orderOf(kind)]}`,
    `  order    ${ORDER[orderOf(kind)]}`,
    "  fields",
    ...fields.map(({ description, name, type }) => `    ${name.padEnd(width)}  ${description} (${type})`)
  ].join("\n")
}

/** The same for programs. */
const facts = (kind: StreamKind, topic: string) => ({
  kind: kind.name,
  title: kind.title,
  streams: namesOf(kind),
  topic,
  variable: kind.topic.variable,
  history: isReplayable(kind),
  order: orderOf(kind),
  fields: Object.fromEntries(fieldsOf(kind).map(({ name, ...field }) => [name, field]))
})

const notAPattern = (error: unknown): string =>
  `a regular expression (${error instanceof Error ? error.message : String(error)})`

const showKinds = Effect.fnUntraced(function* (json: boolean) {
  const { binance, topics } = yield* AppConfig
  const { kinds } = binance.market
  const topicOf = (kind: StreamKind) => topics.data.get(kind.name) ?? kind.topic.default
  yield* print(
    json
      ? JSON.stringify(
          kinds.map((kind) => facts(kind, topicOf(kind))),
          null,
          2
        )
      : kinds.map((kind) => text(kind, topicOf(kind))).join("\n\n")
  )
  return 0
})

/** What the settings' list comes to now, by name or pattern. */
const showResolved = Effect.fnUntraced(function* (json: boolean) {
  const { select } = yield* Effect.promise(() => import("../../layers/streams/resolve.ts"))
  const { binance } = yield* AppConfig
  const { matches, streams } = yield* select(binance)
  const names = (some: ReadonlyArray<StreamName>) => some.map(({ name }) => name)
  const rows = [
    ...binance.streams.map(({ name }) => ({ item: name, streams: [name] })),
    ...matches.map(({ pattern, streams }) => ({ item: pattern.text, streams: names(streams) }))
  ]
  const isIdle = ({ item, streams }: (typeof rows)[number]) => streams.length === 0 && !item.startsWith("-")
  if (json) yield* print(JSON.stringify({ streams: names(streams), items: rows }, null, 2))
  else {
    yield* print(
      layout(
        ["item", "streams", "names"],
        rows.map(({ item, streams }) => [item, String(streams.length), clipped(streams.join(", "))]),
        () => true
      )
    )
    yield* print(`${streams.length} streams`)
  }
  const idle = rows.filter(isIdle)
  yield* warn(idle.map(({ item }) => `${item} comes to nothing: the connector would not start`))
  return idle.length > 0 ? NONE : 0
})

const showSymbols = Effect.fnUntraced(function* (pattern: RegExp, json: boolean) {
  const { listings } = yield* ExchangeInfo
  const found = (yield* listings)
    .filter(({ symbol }) => pattern.test(symbol))
    .map(({ status, symbol }) => ({ symbol, status }))
  if (json) yield* print(JSON.stringify(found))
  else if (found.length > 0) {
    const rows = found.map(({ status, symbol }) => [symbol, status])
    yield* print(layout(["symbol", "status"], rows, () => true))
  } else yield* warn([`no symbol matches ${pattern.source}`])
  return found.length > 0 ? 0 : NONE
})

export const streams = make({
  name: "streams",
  summary: "List the kinds of streams, or the exchange's symbols",
  description:
    "List the kinds of streams: how they are named, their topic, whether the exchange has their history, their order, and the fields of the payload (times in ms, or in µs with timeUnit=MICROSECOND). With --symbols, list the exchange's symbols instead; with --resolve, the streams that BINANCE_STREAMS or STREAMS_FILE comes to by these symbols, pattern by pattern.",
  examples: [
    ["", "Every kind"],
    ["--symbols 'USDT$'", "The symbols that end in USDT, with their trading status"],
    ["--symbols '^(BTC|ETH)' --json | jq -r '.[] | select(.status == \"TRADING\") | .symbol'", "Names alone"],
    ["--resolve", "What the patterns of the settings come to now"]
  ],
  exits: { 0: "listed", [NONE]: "no symbol matches, or with --resolve, a pattern comes to nothing" },
  flags: {
    symbols: Flag.String("symbols").pipe(
      Flag.withDescription("List the symbols that match this regular expression; case does not matter"),
      Flag.withMetavar("pattern"),
      Flag.mapTryCatch((text) => new RegExp(text, "iu"), notAPattern),
      Flag.optional
    ),
    resolve: Flag.Boolean("resolve").pipe(
      Flag.withDescription("List the streams of the settings, their patterns resolved"),
      Flag.withDefault(false)
    ),
    json: Flag.Boolean("json").pipe(Flag.withDescription("Print JSON"), Flag.withDefault(false))
  },
  needs: Layer.provideMerge(
    load(() => import("../../layers/BinanceRest.ts")),
    Foundation
  ),
  run: ({ json, resolve, symbols }) =>
    Option.match(symbols, {
      onNone: () => (resolve ? showResolved(json) : showKinds(json)),
      onSome: (pattern) => showSymbols(pattern, json)
    })
})
