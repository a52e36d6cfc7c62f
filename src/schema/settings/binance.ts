/** The variables of the exchange's side: which feed, which streams, and how long a connection may be silent. */
import { feedNames } from "../Settings.ts"
import { MAX_SECONDS, seconds, secondsOrOff, streams, streamUrl, text, url, wordOf } from "./parsers.ts"
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
  wsUrl: variable(
    {
      name: "BINANCE_WS_URL",
      default: "wss://stream.binance.com:9443/stream",
      expected: "a ws: or wss: address with the path /stream",
      example: "wss://stream.binance.com:9443/stream",
      doc: "`ws:` or `wss:`, the combined form `/stream`; `?timeUnit=MICROSECOND` is kept"
    },
    streamUrl
  ),
  restUrl: variable(
    {
      name: "BINANCE_REST_URL",
      default: "https://api.binance.com",
      expected: "an http: or https: address",
      example: "https://api.binance.com",
      doc: "`http:` or `https:`; asked whether the symbols exist"
    },
    url("http:", "https:")
  ),
  streams: variable(
    {
      name: "BINANCE_STREAMS",
      default: "btcusdt@trade,ethusdt@trade,bnbusdt@trade,btcusdt@kline_1m,ethusdt@kline_1m,btcusdt@ticker",
      expected: "stream names separated by commas",
      example: "btcusdt@trade,ethusdt@kline_1m",
      doc: "Separated by commas; blanks, repeats and the symbol's case do not matter; an empty list is refused",
      refusesBlank: true
    },
    streams
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
      doc: "The most that a reconnect waits; the wait doubles from 1 s, with jitter, until data has flowed"
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
  )
} as const
