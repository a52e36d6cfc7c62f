/** What the bench has to know of a stored value, found in its bytes: nobody parses JSON here. */

const DIGIT_0 = 48
const DIGIT_9 = 57

const EVENT_TIME = Buffer.from('"E":')
const SYMBOL = Buffer.from('"s":"')
const TRADE_ID = Buffer.from('"t":')
const COUNT = Buffer.from('"n":')
/** The kind of event is the payload's first field, and the payload the envelope's. */
const KIND_AT = '{"original_data":{"e":"'.length
const QUOTE = 34

const numberAt = (data: Buffer, start: number): number => {
  let value = 0
  for (let at = start; ; at++) {
    const digit = data[at] ?? 0
    if (digit < DIGIT_0 || digit > DIGIT_9) return value
    value = value * 10 + digit - DIGIT_0
  }
}

const after = (data: Buffer, mark: Buffer, from: number): number => data.indexOf(mark, from) + mark.length

/** When the exchange sent it. */
export const eventTime = (data: Buffer, valueAt: number): number =>
  numberAt(data, after(data, EVENT_TIME, valueAt + KIND_AT))

export const symbolOf = (data: Buffer, valueAt: number): string => {
  const start = after(data, SYMBOL, valueAt + KIND_AT)
  return data.toString("latin1", start, data.indexOf(QUOTE, start))
}

/** Its number in its stream. */
export const numberOf = (data: Buffer, valueAt: number): number => {
  const isTrade = data[valueAt + KIND_AT] === "t".charCodeAt(0)
  return numberAt(data, after(data, isTrade ? TRADE_ID : COUNT, valueAt + KIND_AT))
}
