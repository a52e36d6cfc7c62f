/** Which streams the settings ask for: `BINANCE_STREAMS`, or the file that `STREAMS_FILE` names. */
import { Effect, Option, Result } from "effect"
import type { Market } from "../../schema/Market.ts"
import type { FeedName, Settings } from "../../schema/Settings.ts"
import { binance } from "../../schema/settings/binance.ts"
import { exchangeOf } from "../../schema/settings/exchange.ts"
import type { Wanted } from "../../schema/StreamPattern.ts"
import * as StreamsFile from "../../schema/streamsFile.ts"
import * as files from "./files.ts"
import type { Reading } from "./Reading.ts"

const nothing: Wanted = { streams: [], patterns: [] }

/** What the file says; without one, what the variable does. */
const wantedOf = (read: Reading, text: Option.Option<string>, market: Market): Wanted => {
  const { streams } = exchangeOf(market)
  if (!read.isSet(binance.streamsFile)) return read.get(streams)
  // Set to nothing, it names none, beside a file that does.
  if (read.textOf(streams)) {
    read.refuse(binance.streamsFile, { instead: `${streams.name} is set as well: unset one of the two` })
  }
  return Option.match(text, {
    onNone: () => nothing,
    onSome: (content) =>
      Result.getOrElse(StreamsFile.parse(content, market), (faults) => {
        for (const fault of faults) read.refuse(binance.streamsFile, { instead: fault })
        return nothing
      })
  })
}

export const read = Effect.fnUntraced(function* (read: Reading, feed: FeedName, market: Market) {
  const wanted = wantedOf(read, yield* files.contents(read, binance.streamsFile), market)
  const [pattern] = wanted.patterns
  if (feed === "replay" && pattern !== undefined) {
    read.refuse(read.isSet(binance.streamsFile) ? binance.streamsFile : binance.streams, {
      instead: `FEED=replay asks no exchange which symbols there are: name the streams instead of ${pattern.text}`
    })
  }
  const settings: Pick<Settings["binance"], "streams" | "patterns" | "streamsFile"> = {
    ...wanted,
    streamsFile: read.get(binance.streamsFile)
  }
  return settings
})
