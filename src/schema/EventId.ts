/**
 * The header `event-id`: the same for the same event, whenever and however it arrives. `binance:<market>:<stream>:<SYMBOL>:<id>`,
 * `stream` without its symbol; where the id does not tell the event by itself, a digest of its bytes follows.
 */
import type { MarketName } from "./StreamKind.ts"
import type { StreamName } from "./StreamName.ts"

type Stream = Pick<StreamName, "kind" | "suffix">

/** What all ids of a market begin with, those of control records too. */
export const headOf = (market: MarketName): string => `binance:${market}:`

/** What the ids of one stream and symbol begin with. */
export const prefixOf = ({ kind, suffix }: Stream, symbol: string): string =>
  `${headOf(kind.market)}${suffix}:${symbol}:`

/** The id of an event whose stream and symbol the prefix tells. */
export const format = (prefix: string, id: string | number, digest?: string): string =>
  digest === undefined ? `${prefix}${id}` : `${prefix}${id}:${digest}`

const HEAD = /^binance:(spot|usdm):/

/** What an id says of its stream. */
export interface Parts {
  readonly market: MarketName
  /** The stream without its symbol; it may hold a colon itself (`kline_1d@+08:00`). */
  readonly suffix: string
  /** What is left: the event's own id, and a digest. */
  readonly rest: string
}

/** Of an id of which the symbol is known. */
export const parse = (eventId: string, symbol: string): Parts | undefined => {
  const [head = "", name] = HEAD.exec(eventId) ?? []
  if (name !== "spot" && name !== "usdm") return undefined
  const end = eventId.indexOf(`:${symbol}:`, head.length)
  return end === -1
    ? undefined
    : { market: name, suffix: eventId.slice(head.length, end), rest: eventId.slice(end + symbol.length + 2) }
}
