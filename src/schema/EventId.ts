/**
 * The header `event-id`: the same for the same event, whenever and however it arrives. `binance:spot:<stream>:<SYMBOL>:<id>`,
 * `stream` without its symbol; where the id does not tell the event by itself, a digest of its bytes follows.
 */

const HEAD = "binance:spot:"

/** What the ids of one stream and symbol begin with. */
export const prefixOf = (suffix: string, symbol: string): string => `${HEAD}${suffix}:${symbol}:`

export const format = (suffix: string, symbol: string, id: string | number, digest?: string): string =>
  digest === undefined ? `${prefixOf(suffix, symbol)}${id}` : `${prefixOf(suffix, symbol)}${id}:${digest}`

/** The stream of an id, of which the symbol is known; a stream may hold a colon itself (`kline_1d@+08:00`). */
export const suffixOf = (eventId: string, symbol: string): string | undefined => {
  const end = eventId.indexOf(`:${symbol}:`, HEAD.length)
  return eventId.startsWith(HEAD) && end !== -1 ? eventId.slice(HEAD.length, end) : undefined
}
