/** The variables of the exchange's side: which feed, which streams, and how long a connection may be silent. */
import { feedNames } from "../Settings.ts"
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
  streams,
  streamUrls,
  text,
  urls,
  wordOf
} from "./parsers.ts"
import { optional, variable } from "./Variable.ts"

const SECONDS = `a number of seconds above 0, at most ${MAX_SECONDS}`

export const binance = {
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
  wsUrls: variable(
    {
      name: "BINANCE_WS_URL",
      default: "wss://stream.binance.com:9443/stream",
      expected: "ws: or wss: addresses with the path /stream, separated by commas",
      example: "wss://stream.binance.com:9443/stream",
      doc: "`ws:` or `wss:`, the combined form `/stream`; `?timeUnit=MICROSECOND` is kept. Of several, separated by commas, each line begins with its own; where one fails, the next is tried"
    },
    streamUrls
  ),
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
  restUrls: variable(
    {
      name: "BINANCE_REST_URL",
      default: "https://api.binance.com",
      expected: "http: or https: addresses separated by commas",
      example: "https://api.binance.com,https://data-api.binance.vision",
      doc: "`http:` or `https:`, one or several separated by commas, asked in turn where an endpoint is missing or unreachable; says which symbols exist, and what was missed"
    },
    urls("http:", "https:")
  ),
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
  streams: variable(
    {
      name: "BINANCE_STREAMS",
      default: "btcusdt@trade,ethusdt@trade,bnbusdt@trade,btcusdt@kline_1m,ethusdt@kline_1m,btcusdt@ticker",
      expected: "stream names or patterns separated by commas",
      example: "btcusdt@trade,ethusdt@kline_1m",
      doc: "Separated by commas; blanks, repeats and the symbol's case do not matter; an empty list is refused. Patterns: `*usdt@trade` is every symbol that fits, `top50:usdt@bookTicker` the 50 with the highest turnover in 24 hours of those traded for USDT, `-shibusdt@*` takes away; the exchange's list of symbols decides, `streams --resolve` shows what they come to",
      refusesBlank: true
    },
    streams
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
