/** The variables of the exchange's side: which feed, which streams, and how long a connection may be silent. */
import { feedNames } from "../Settings.ts"
import { marketNames } from "../StreamKind.ts"
import { exchange } from "./exchange.ts"
import {
  dailyWindow,
  hours,
  minutesOrOff,
  MAX_SECONDS,
  oneOf,
  seconds,
  secondsOrOff,
  share,
  speed,
  text,
  wordOf
} from "./parsers.ts"
import { optional, variable } from "./Variable.ts"

const SECONDS = `a number of seconds above 0, at most ${MAX_SECONDS}`

export const binance = {
  market: variable(
    {
      name: "BINANCE_MARKET",
      default: "spot",
      expected: marketNames.join(" or "),
      example: "usdm",
      doc: "`spot`, or `usdm` for USD-M futures: addresses, streams and topics are that market's, and so are their defaults"
    },
    wordOf(marketNames)
  ),
  feed: variable(
    {
      name: "FEED",
      default: "binance",
      expected: feedNames.join(" or "),
      example: "replay",
      doc: "`binance`, or `replay` of the frames in `REPLAY_FILE`"
    },
    wordOf(feedNames)
  ),
  replayFile: optional(
    {
      name: "REPLAY_FILE",
      expected: "the path of a readable file with one recorded frame a line",
      example: "frames.ndjson",
      doc: "One recorded frame a line, for `FEED=replay`; `BINANCE_STREAMS` has to name the streams in it"
    },
    text
  ),
  replaySpeed: variable(
    {
      name: "REPLAY_SPEED",
      default: "max",
      expected:
        "max, or a number above 0 in plain digits (0.5, 10): how many times as fast as the frames were received",
      example: "10",
      doc: "How fast `FEED=replay` is: `1` as the frames were received, `10` ten times as fast, `max` as fast as they are taken"
    },
    speed
  ),
  wsUrls: exchange.wsUrls,
  lines: variable(
    {
      name: "BINANCE_LINES",
      default: "1",
      expected: "1 or 2",
      example: "2",
      doc: "How many connections carry each stream: with 2, one may break without anything missing"
    },
    oneOf<1 | 2>({ 1: 1, 2: 2 })
  ),
  restUrls: exchange.restUrls,
  restWeightShare: variable(
    {
      name: "REST_WEIGHT_SHARE",
      default: "0.5",
      expected: "a number above 0, at most 1",
      example: "0.5",
      doc: "The part of the address's REST weight a minute that may be used up when the connector asks; the rest is left to other programs behind the same address"
    },
    share
  ),
  streamsFile: optional(
    {
      name: "STREAMS_FILE",
      expected: "the path of a readable file with one stream name or pattern a line",
      example: "streams.txt",
      doc: "In place of `BINANCE_STREAMS`: a name or pattern a line, `#` begins a comment. It is watched: a change is applied within seconds, without a restart; a bad one is refused whole"
    },
    text
  ),
  symbolsRefresh: variable(
    {
      name: "SYMBOLS_REFRESH_MINUTES",
      default: "15",
      expected: "0 (off), or a whole number of minutes up to 1440",
      example: "15",
      doc: "How often the exchange's symbols are looked at again where there are patterns: what is listed joins, what is delisted leaves; 0 = only at the start"
    },
    minutesOrOff
  ),
  streams: exchange.streams,
  pingInterval: variable(
    {
      name: "PING_INTERVAL_SECONDS",
      default: "180",
      expected: `0 (off), or a number of seconds from 1 to ${MAX_SECONDS}`,
      example: "180",
      doc: "Between our own pings, which detect a dead connection; 0 = off"
    },
    secondsOrOff
  ),
  reconnectMaxDelay: variable(
    {
      name: "RECONNECT_MAX_DELAY_SECONDS",
      default: "60",
      expected: SECONDS,
      example: "60",
      doc: "The most that a reconnect waits, unless the exchange asks for more; the wait doubles from 1 s, with jitter, until data has flowed"
    },
    seconds
  ),
  connectionTimeout: variable(
    {
      name: "WS_CONNECTION_TIMEOUT",
      default: "10",
      expected: SECONDS,
      example: "10",
      doc: "Seconds that opening a connection may take"
    },
    seconds
  ),
  silenceTimeout: variable(
    {
      name: "SILENCE_TIMEOUT_SECONDS",
      default: "60",
      expected: SECONDS,
      example: "60",
      doc: "A connection without any data for so long is replaced"
    },
    seconds
  ),
  streamStale: optional(
    {
      name: "STREAM_STALE_SECONDS",
      expected: SECONDS,
      example: "120",
      doc: "A stream without data for so long is asked for anew; unset: only streams with a fixed cadence are watched, each by its own"
    },
    seconds
  ),
  rolloverAfter: variable(
    {
      name: "ROLLOVER_HOURS",
      default: "23",
      expected: "a number of hours above 0, at most 24",
      example: "12",
      doc: "A connection is replaced at this age, a little earlier at random, without a gap; the exchange cuts at 24"
    },
    hours(24)
  ),
  rolloverWindow: optional(
    {
      name: "ROLLOVER_WINDOW_UTC",
      expected: "two times of the day in UTC, as HH:MM-HH:MM",
      example: "03:00-04:00",
      doc: "Where it can be reached, connections are replaced in this part of the day instead of at `ROLLOVER_HOURS`; at best an hour long, it may go over midnight"
    },
    dailyWindow
  )
} as const
