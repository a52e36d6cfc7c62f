/** An open socket, and what it carries. */
import type { Latch } from "effect"
import type { StreamName } from "../../schema/StreamName.ts"
import type { StreamChange } from "../../services/MarketFeed.ts"
import type { ConnectionTrace } from "./ConnectionTrace.ts"
import type { Subscriber } from "./Subscriber.ts"

export interface Session {
  readonly host: string
  streams: ReadonlyArray<StreamName>
  readonly subscriber: Subscriber
  readonly ended: Latch.Latch
  readonly trace: ConnectionTrace
  isLive: boolean
}

export const namesIn = (streams: ReadonlyArray<StreamName>): ReadonlyArray<string> => streams.map(({ name }) => name)

/** Each once. */
export const changed = (
  streams: ReadonlyArray<StreamName>,
  { added, removed }: StreamChange
): ReadonlyArray<StreamName> => {
  const gone = new Set(namesIn(removed))
  const all = [...streams.filter(({ name }) => !gone.has(name)), ...added]
  return [...new Map(all.map((stream) => [stream.name, stream])).values()]
}

/** From now on it carries these. */
export const carry = (session: Session, streams: ReadonlyArray<StreamName>): void => {
  session.streams = streams
  session.subscriber.want(namesIn(streams))
}
