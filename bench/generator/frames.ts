/** One WebSocket frame for each stream, built once and patched in place: its time, its number, its price. */

import type { Kind, Stream } from "./streams.ts"

const DAY = 86_400_000

/** Of this many digits each, so that a frame never changes its length. */
export const TIME_DIGITS = 13
export const ID_DIGITS = 10
const PRICE_DIGITS = 4

const TIME = "E".repeat(TIME_DIGITS)
const ID = "I".repeat(ID_DIGITS)
const NEWEST = "L".repeat(ID_DIGITS)
const PRICE = "P".repeat(PRICE_DIGITS)

export interface Template {
  readonly kind: Kind
  readonly stream: string
  readonly symbol: string
  /** The whole frame, header included. */
  readonly frame: Buffer
  readonly times: ReadonlyArray<number>
  /** Where its number is: the trade's id, or how many of the stream there were. */
  readonly id: number
  /** Where the symbol's newest trade is named. */
  readonly newest: ReadonlyArray<number>
  /** Where the last digits of the number stand for a price. */
  readonly prices: ReadonlyArray<number>
}

/** The price and quantity of a trade, from the last digits of its id. */
const priceOf = (digits: string) => `60${digits}.10000000`
const quantityOf = (digits: string) => `0.0${digits}000`

/** Of any trade: a pure function of its id. */
export const tradeFigures = (id: number) => {
  const digits = String(id).slice(-PRICE_DIGITS)
  return { price: priceOf(digits), quantity: quantityOf(digits), buyerIsMaker: true }
}

const payloadOf = (kind: Kind, symbol: string, today: number): string => {
  const p = priceOf(PRICE)
  switch (kind) {
    case "trade":
      return `{"e":"trade","E":${TIME},"s":"${symbol}","t":${ID},"p":"${p}","q":"${quantityOf(PRICE)}","T":${TIME},"m":true,"M":true}`
    case "kline":
      return `{"e":"kline","E":${TIME},"s":"${symbol}","k":{"t":${today},"T":${today + DAY - 1},"s":"${symbol}","i":"1d","f":1,"L":${NEWEST},"o":"${p}","c":"${p}","h":"${p}","l":"${p}","v":"83.11420000","n":${ID},"x":false,"q":"240236.11830000","V":"40.02000000","Q":"115680.40110000","B":"0"}}`
    case "ticker":
      return `{"e":"24hrTicker","E":${TIME},"s":"${symbol}","p":"51.15000000","P":"1.801","w":"2858.73640000","x":"2840.01000000","c":"${p}","Q":"0.34120000","b":"${p}","B":"12.40100000","a":"${p}","A":"3.07700000","o":"2840.02000000","h":"2905.00000000","l":"2811.30000000","v":"311020.55120000","q":"889120334.12000000","O":${today},"C":${TIME},"F":1,"L":${NEWEST},"n":${ID}}`
  }
}

const places = (text: string, mark: string, shift: number): ReadonlyArray<number> => {
  const found: Array<number> = []
  for (let at = text.indexOf(mark); at !== -1; at = text.indexOf(mark, at + mark.length)) found.push(at + shift)
  return found
}

/** A text frame as a server sends it: final, unmasked. */
export const textFrame = (text: string): Buffer => {
  const payload = Buffer.from(text)
  if (payload.length < 126) return Buffer.concat([Buffer.from([0x81, payload.length]), payload])
  return Buffer.concat([Buffer.from([0x81, 126, payload.length >> 8, payload.length & 255]), payload])
}

export const makeTemplate = ({ kind, name: stream, symbol }: Stream, now: number): Template => {
  const text = `{"stream":"${stream}","data":${payloadOf(kind, symbol, now - (now % DAY))}}`
  const frame = textFrame(text)
  const shift = frame.length - text.length
  const [id = 0] = places(text, ID, shift)
  return {
    kind,
    stream,
    symbol,
    frame,
    times: places(text, TIME, shift),
    id,
    newest: places(text, NEWEST, shift),
    prices: places(text, PRICE, shift)
  }
}

const ZERO = 48
const NINE = 57

export const writeNumber = (frame: Buffer, at: number, value: number, digits: number): void => {
  frame.write(String(value).padStart(digits, "0"), at, "latin1")
}

/** Adds one to the number in the frame, and moves the price with it. */
export const increment = ({ frame, id, prices }: Template): void => {
  const last = id + ID_DIGITS - 1
  let at = last
  while (frame[at] === NINE) frame[at--] = ZERO
  frame[at] = (frame[at] ?? ZERO) + 1
  for (const price of prices) frame.copyWithin(price, last + 1 - PRICE_DIGITS, last + 1)
}
