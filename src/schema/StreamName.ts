/**
 * A stream's name, taken apart: `btcusdt@kline_1m` is the kind `kline` of `BTCUSDT` with the suffix `kline_1m`;
 * `!miniTicker@arr` carries every symbol, one row each. Only the symbol's case is the user's to choose: in the rest case
 * tells a minute (`1m`) from a month (`1M`).
 */
import { Result } from "effect"
import { streamKinds } from "./kinds/registry.ts"
import type { StreamKind } from "./StreamKind.ts"

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

/** Parses one name as a user writes it; the failure says what is wrong with it. */
export const parseStreamName = (text: string): Result.Result<StreamName, string> => {
  const at = text.indexOf("@")
  if (text.startsWith("!")) {
    const kind = streamKinds.find((kind) => kind.allMarket?.test(text))
    return kind === undefined
      ? Result.fail(`no stream of all symbols has this name`)
      : Result.succeed({ name: text, kind, symbol: undefined, suffix: text, type: kind.streamType(text) })
  }
  if (at === -1) return Result.fail("the stream's kind is missing after the symbol")
  if (at === 0 || /[\s/]/.test(text)) return Result.fail("the symbol before the @ is missing or holds a blank")
  const symbol = text.slice(0, at)
  const suffix = text.slice(at + 1)
  const kind = streamKinds.find((kind) => kind.suffix.test(suffix))
  return kind === undefined
    ? Result.fail(`${JSON.stringify(suffix)} is no stream kind`)
    : Result.succeed({
        name: `${symbol.toLowerCase()}@${suffix}`,
        kind,
        symbol: symbol.toUpperCase(),
        suffix,
        type: kind.streamType(suffix)
      })
}
