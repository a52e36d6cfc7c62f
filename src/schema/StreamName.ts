/**
 * A stream's name, taken apart: `btcusdt@kline_1m` is the kind `kline` of `BTCUSDT` with the suffix `kline_1m`;
 * `!miniTicker@arr` carries every symbol, one row each. Only the symbol's case is the user's to choose: in the rest case
 * tells a minute (`1m`) from a month (`1M`).
 */
import { Result } from "effect"
import { type Market, spot } from "./Market.ts"
import type { StreamKind } from "./StreamKind.ts"
import { allMarketFault, suffixFault } from "./streamNameFault.ts"

export interface StreamName {
  /** As the exchange wants it: `btcusdt@kline_1m`. */
  readonly name: string
  readonly kind: StreamKind
  /** Upper-case, as payloads and record keys have it; `undefined` for a stream of every symbol. */
  readonly symbol: string | undefined
  /** The name without its symbol: `kline_1m`, `!miniTicker@arr`. */
  readonly suffix: string
  /** A record's `stream_type`. */
  readonly type: string
}

/** Letters of any alphabet may stand in a symbol. */
const IMPOSSIBLE_IN_SYMBOL = /[\s/!;|"'`()[\]{}<>\p{Cc}\p{Cf}]/u

/** Parses one name as a user writes it; the failure says what is wrong with it, and what may have been meant. */
export const parseStreamName = (text: string, market: Market = spot): Result.Result<StreamName, string> => {
  const { advice, byAllMarketName, bySuffix } = market
  const written = text.trim()
  if (written.startsWith("!")) {
    const kind = byAllMarketName.get(written)
    return kind === undefined
      ? Result.fail(allMarketFault(written, [...byAllMarketName.keys()], advice))
      : Result.succeed({ name: written, kind, symbol: undefined, suffix: written, type: kind.streamType(written) })
  }

  const at = written.indexOf("@")
  const [usual = ""] = bySuffix.keys()
  if (written === "") return Result.fail(`a stream's name is missing, such as btcusdt@${usual}`)
  if (at === -1)
    return Result.fail(`the stream's kind is missing after the symbol, such as ${written.toLowerCase()}@${usual}`)
  if (at === 0) return Result.fail(`the symbol is missing before the @, such as btcusdt${written}`)

  const symbol = written.slice(0, at)
  const suffix = written.slice(at + 1)
  if (IMPOSSIBLE_IN_SYMBOL.test(symbol)) {
    return Result.fail(
      `the symbol ${JSON.stringify(symbol)} holds what no symbol has (a blank, a slash, a quote, a bracket, an invisible character): write it as btcusdt`
    )
  }
  const kind = bySuffix.get(suffix)
  return kind === undefined
    ? Result.fail(suffixFault(symbol.toLowerCase(), suffix, [...bySuffix.keys()], advice))
    : Result.succeed({
        name: `${symbol.toLowerCase()}@${suffix}`,
        kind,
        symbol: symbol.toUpperCase(),
        suffix,
        type: kind.streamType(suffix)
      })
}
