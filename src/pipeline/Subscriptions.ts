/**
 * How streams are spread over connections: those that different parts of the address serve (`StreamKind.route`) share none, for
 * there they would be acknowledged and mute. What fits goes into a connection's URL, so that data flows from the first moment; the
 * rest follows in SUBSCRIBE frames.
 */
import type { StreamName } from "../schema/StreamName.ts"

/** Per connection, by the exchange's rule. */
export const MAX_STREAMS_PER_CONNECTION = 1024

/** Frames of more than some 4,096 bytes were seen to stay unanswered; URLs get the same, though twice that was seen to work. */
export const MAX_FRAME_BYTES = 4000

/** One control frame of ours; the exchange's answer carries its id. */
export interface ControlRequest {
  readonly id: number
  readonly text: string
  /** The names of the streams that it concerns. */
  readonly names: ReadonlyArray<string>
}

export interface ConnectionPlan {
  readonly name: string
  readonly url: string
  /** The names of those that the URL holds; the rest is asked for after the connection has opened. */
  readonly inUrl: ReadonlyArray<string>
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

const frameText = (method: "SUBSCRIBE" | "UNSUBSCRIBE", names: ReadonlyArray<string>, id: number): string =>
  JSON.stringify({ method, params: names, id })

/** A frame with as many of the names as it holds, from the first on; at least one. */
export const controlRequest = (
  method: "SUBSCRIBE" | "UNSUBSCRIBE",
  names: ReadonlyArray<string>,
  id: number
): ControlRequest => {
  const [some] = takeWhileFits(names, (some) => byteLength(frameText(method, some, id)) <= MAX_FRAME_BYTES)
  return { id, text: frameText(method, some, id), names: some }
}

const urlWith = (base: URL, names: ReadonlyArray<string>): string => {
  const query = names.map(encodeURIComponent).join("/").replaceAll("%40", "@").replaceAll("%21", "!")
  return `${base.href}${base.search === "" ? "?" : "&"}streams=${query}`
}

/** The streams of one connection. */
export interface Group {
  /** The part of the address that serves them all, where there are several. */
  readonly route: string | undefined
  readonly streams: ReadonlyArray<StreamName>
}

/** A connection, and for how many streams more there is room on it. */
export interface Room {
  readonly route: string | undefined
  readonly room: number
}

/** Where more streams go: to the connections that serve them and have room, in their order; what is left needs others. */
export const place = (
  streams: ReadonlyArray<StreamName>,
  rooms: ReadonlyArray<Room>
): { readonly placed: ReadonlyArray<ReadonlyArray<StreamName>>; readonly left: ReadonlyArray<StreamName> } => {
  let left = streams
  const placed = rooms.map(({ room, route }) => {
    const fitting = left.filter(({ kind }) => kind.route === route).slice(0, Math.max(0, room))
    const taken = new Set(fitting)
    left = left.filter((stream) => !taken.has(stream))
    return fitting
  })
  return { placed, left }
}

/** The streams of each connection. */
export const spread = (streams: ReadonlyArray<StreamName>): ReadonlyArray<Group> =>
  Array.from(
    Map.groupBy(streams, ({ kind }) => kind.route),
    ([route, all]) =>
      Array.from({ length: Math.ceil(all.length / MAX_STREAMS_PER_CONNECTION) }, (_, n) => ({
        route,
        streams: all.slice(n * MAX_STREAMS_PER_CONNECTION, (n + 1) * MAX_STREAMS_PER_CONNECTION)
      }))
  ).flat()

/** The address that serves streams of this route. */
export const addressOf = (base: URL, route: string | undefined): URL =>
  route === undefined ? base : new URL(`/${route}${base.pathname}${base.search}`, base)

/** What is dialled, for people. */
export const shownHost = ({ host }: URL, route: string | undefined): string =>
  route === undefined ? host : `${host}/${route}`

/** How a connection asks an address for its streams, of which it has no more than the exchange allows. */
export const plan = (name: string, base: URL, { route, streams }: Group): ConnectionPlan => {
  const address = addressOf(base, route)
  const names = streams.map(({ name }) => name)
  const [inUrl] = takeWhileFits(names, (some) => urlWith(address, some).length <= MAX_FRAME_BYTES)
  return { name, url: urlWith(address, inUrl), inUrl, streams }
}
