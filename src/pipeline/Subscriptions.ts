/**
 * How streams are spread over connections: what fits goes into a connection's URL, so that data flows from the first moment;
 * the rest follows in SUBSCRIBE frames.
 */
import type { StreamName } from "../schema/StreamName.ts"

/** Per connection, by the exchange's rule. */
export const MAX_STREAMS_PER_CONNECTION = 1024

/** Frames of more than some 4,096 bytes were seen to stay unanswered; URLs get the same, though twice that was seen to work. */
export const MAX_FRAME_BYTES = 4000

export interface ConnectionPlan {
  readonly name: string
  readonly url: string
  /** To be sent in this order after the connection has opened. */
  readonly subscribe: ReadonlyArray<string>
  readonly streams: ReadonlyArray<StreamName>
}

const byteLength = (text: string): number => new TextEncoder().encode(text).byteLength

/** Takes names from the front for as long as `fits` says so of them; at least one. */
const takeWhileFits = (
  names: ReadonlyArray<string>,
  fits: (names: ReadonlyArray<string>) => boolean
): readonly [taken: ReadonlyArray<string>, rest: ReadonlyArray<string>] => {
  let count = 1
  while (count < names.length && fits(names.slice(0, count + 1))) count++
  return [names.slice(0, count), names.slice(count)]
}

const subscribeFrame = (names: ReadonlyArray<string>, id: number): string =>
  JSON.stringify({ method: "SUBSCRIBE", params: names, id })

const urlWith = (base: URL, names: ReadonlyArray<string>): string => {
  const query = names.map(encodeURIComponent).join("/").replaceAll("%40", "@").replaceAll("%21", "!")
  return `${base.href}${base.search === "" ? "?" : "&"}streams=${query}`
}

export const plan = (base: URL, streams: ReadonlyArray<StreamName>): ReadonlyArray<ConnectionPlan> => {
  const plans: Array<ConnectionPlan> = []
  for (let from = 0; from < streams.length; from += MAX_STREAMS_PER_CONNECTION) {
    const mine = streams.slice(from, from + MAX_STREAMS_PER_CONNECTION)
    const names = mine.map(({ name }) => name)
    const [inUrl, left] = takeWhileFits(names, (some) => urlWith(base, some).length <= MAX_FRAME_BYTES)
    const subscribe: Array<string> = []
    for (let rest = left; rest.length > 0;) {
      const id = subscribe.length + 1
      const [some, next] = takeWhileFits(rest, (some) => byteLength(subscribeFrame(some, id)) <= MAX_FRAME_BYTES)
      subscribe.push(subscribeFrame(some, id))
      rest = next
    }
    plans.push({ name: `binance-${plans.length + 1}`, url: urlWith(base, inUrl), subscribe, streams: mine })
  }
  return plans
}
