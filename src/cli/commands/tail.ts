import process from "node:process"
import { Effect, Layer, Option, Stream } from "effect"
import { Argument, Flag } from "effect/cli"
import { recordLine } from "../../pipeline/recordLine.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import { countText } from "../amounts.ts"
import { Foundation, load, make } from "../Command.ts"
import { parsed, positive } from "../flags.ts"
import { warn } from "../print.ts"
import { write } from "../stdout.ts"
import { style } from "../style.ts"
import * as Filter from "../tail/Filter.ts"
import * as From from "../tail/from.ts"
import { prettyLine } from "../tail/pretty.ts"
import { topicOf } from "../tail/topicOf.ts"
import { viewOf } from "../tail/view.ts"

const TELL_AFTER = "3 seconds"

const flags = {
  topic: Argument.String("topic").pipe(
    Argument.withDescription(
      "A kind of stream (trade, kline, ...), continuity, dead-letter, positions, or a topic by its full name"
    )
  ),
  from: Flag.String("from").pipe(
    parsed(From.parse),
    Flag.withDescription("earliest, latest, or the last so many: -100; -10 if not said"),
    Flag.withDefault<From.From>({ last: 10 })
  ),
  symbols: Flag.String("symbol").pipe(
    Flag.withDescription("Only records of this key, such as BTCUSDT; again for more"),
    Flag.atLeast(0)
  ),
  filters: Flag.String("filter").pipe(
    parsed(Filter.parse),
    Flag.withDescription("name=value or /regex/, see above; again for more: all must hold"),
    Flag.atLeast(0)
  ),
  count: positive("count").pipe(Flag.withAlias("n"), Flag.withDescription("End after so many lines"), Flag.optional),
  follow: Flag.Boolean("follow").pipe(
    Flag.withDescription("Go on with what comes, until Ctrl-C; --no-follow ends where the topic ends now"),
    Flag.withDefault(true)
  ),
  json: Flag.Boolean("json").pipe(
    Flag.withDescription("The whole record as one line of JSON, with partition, offset and headers"),
    Flag.withDefault(false)
  )
}

export const tail = make({
  name: "tail",
  summary: "Print the records of a topic, decoded, as they come",
  description: [
    "Print the records of a topic, decoded, as they come: time, symbol, kind and the main fields.",
    "It reads what SINK names (kafka or local), without a consumer group, and commits nothing. --filter is one of",
    "  name=value       a field of the payload by its own name (m, k.i), else of the envelope (backfilled), else of the",
    "                   record (partition, offset, headers.event-id) has this value; 1.5 and 1.50 are the same",
    "  /regex/, /re/i   the printed line matches"
  ].join("\n  "),
  examples: [
    ["trade", "The last ten trades, and those that come"],
    ["trade --symbol BTCUSDT --from latest", "Only new ones of one symbol"],
    ["kline --filter k.x=true --filter k.i=1m", "Closed candles of a minute"],
    ["raw_trades --from earliest --no-follow --json | jq .value.original_data.p", "Every price, for a program"],
    ["dead-letter --from earliest", "What was refused, and why"]
  ],
  exits: { 0: "as many as asked for, the end (--no-follow), interrupted, or stdout was closed (| head)" },
  flags,
  untilStopped: true,
  needs: load(() => import("../../layers/TopicReaders.ts")).pipe(Layer.provideMerge(Foundation)),
  run: Effect.fn("tail")(function* ({ count, filters, follow, from, json, symbols, topic }) {
    const { topics } = yield* AppConfig
    const keys = new Set(symbols.map((symbol) => symbol.toUpperCase()))
    const isPlain = json || !process.stdout.isTTY
    let looked = 0
    let shown = 0
    const isNarrow = keys.size > 0 || filters.length > 0
    /** A mistyped name would look like a topic without data. */
    const tellOfNone = Effect.suspend(() =>
      isNarrow && shown === 0
        ? warn([
            looked === 0
              ? "tail: no record yet to hold against --symbol and --filter"
              : `tail: none of ${countText(looked, "record")} is what --symbol and --filter ask for`
          ])
        : Effect.void
    )
    const lines = From.recordsFrom(topicOf(topic, topics), from, follow).pipe(
      Stream.tap(() => Effect.sync(() => void looked++)),
      Stream.filter(({ key }) => keys.size === 0 || keys.has(key)),
      Stream.map((record) => {
        const view = viewOf(record)
        return { view, line: json ? recordLine(record) : prettyLine(view) }
      }),
      Stream.filter(({ line, view }) => filters.every((matches) => matches(view, line))),
      Stream.map(({ line, view }) => (isPlain ? line : prettyLine(view, style)))
    )
    if (follow) yield* Effect.forkScoped(Effect.delay(tellOfNone, TELL_AFTER))
    yield* Option.match(count, { onNone: () => lines, onSome: (count) => Stream.take(lines, count) }).pipe(
      Stream.runForEachArray((some) => {
        shown += some.length
        return write(some.map((line) => `${line}\n`).join(""))
      }),
      Effect.catchTag("StdoutClosed", () => Effect.void)
    )
    if (!follow) yield* tellOfNone
    return 0
  }, Effect.scoped)
})
