/**
 * How a connection is kept up over many sockets, as a state machine without time or I/O. One socket carries the streams; to
 * replace it, another is opened beside it and takes over once it is seen to work. Its promises, a property each in its test:
 *
 * 1. A socket that carries is closed only when another has been subscribed to everything for a while and either shows data or
 *    has had time to; never while nobody reads, for then the old one still holds what the new one never got.
 * 2. Both are open for a while, and not for longer than needed.
 * 3. A replacement that fails is tried again while the old one stays; if the old one goes, the new one is there already.
 * 4. There are never more than two.
 */

/** Why a socket is replaced: too old, the exchange's own notice, or streams that seem mute on it. */
export type Reason = "age" | "shutdown-notice" | "renewal"

/** A socket that is open. */
export interface Carrier {
  /** Sockets are numbered as they are asked for. */
  readonly id: number
  readonly since: number
  /** When it is to be replaced. */
  readonly due: { readonly at: number; readonly reason: Reason }
}

export type State =
  /** No socket is open; `next` is being opened. */
  | { readonly _tag: "Connecting"; readonly next: number; readonly again: Reason | undefined }
  | { readonly _tag: "Steady"; readonly carrier: Carrier }
  | {
      readonly _tag: "Opening"
      readonly carrier: Carrier
      readonly next: number
      readonly reason: Reason
      /** Asked for again since `next` was begun: that one does not answer it. */
      readonly again: Reason | undefined
    }
  | {
      readonly _tag: "Overlapping"
      readonly carrier: Carrier
      readonly next: Carrier
      readonly reason: Reason
      /** Since when all is subscribed on `next`, and since when it shows data. */
      readonly subscribedAt: number | undefined
      readonly liveAt: number | undefined
      /** The old one was not read before. */
      readonly readSince: number
    }

export type Event =
  | { readonly _tag: "Opened"; readonly socket: number; readonly dueAt: number }
  | { readonly _tag: "Subscribed" | "Live" | "Ended" | "ShutdownNotice"; readonly socket: number }
  /** Replace whatever is open, for streams seem mute. */
  | { readonly _tag: "Renew" }
  /** Sockets are too old at another time than was said, by their numbers. */
  | { readonly _tag: "Rescheduled"; readonly dueAt: ReadonlyMap<number, number> }
  /** Time has passed. `isPaused`: nobody reads, or did not all the time. `isTwinBusy`: another connection with the same streams is being replaced. */
  | { readonly _tag: "Tick"; readonly isPaused: boolean; readonly isTwinBusy: boolean }

export type Command =
  /** `afterFailure`: not before the back-off. */
  | { readonly _tag: "Open"; readonly socket: number; readonly afterFailure: boolean }
  | { readonly _tag: "Close"; readonly socket: number }
  /** `to` carries now what `from` did; both were open since `since`. */
  | { readonly _tag: "RolledOver"; readonly since: number; readonly reason: Reason }

type Step = readonly [State, ReadonlyArray<Command>]

/** What is on its way on the old socket may be younger than the first that came on the new one. */
export const OVERLAP_MILLIS = 2000
/** Quiet streams show no data: after so long the acknowledgement has to do. */
export const QUIET_MILLIS = 5000
/** A twin that is not done by then cannot open another socket: one more try does not take the last one away. */
export const TURN_MILLIS = 600_000

export const initial: Step = [
  { _tag: "Connecting", next: 1, again: undefined },
  [{ _tag: "Open", socket: 1, afterFailure: false }]
]

/** The sockets that are open. */
export const carriersOf = (state: State): ReadonlyArray<Carrier> => {
  if (state._tag === "Connecting") return []
  return state._tag === "Overlapping" ? [state.carrier, state.next] : [state.carrier]
}

/** Whether this connection is being replaced: its twins wait. */
export const isBusy = ({ _tag }: State): boolean => _tag === "Opening" || _tag === "Overlapping"

const replace = (carrier: Carrier, next: number, reason: Reason, afterFailure = false): Step => [
  { _tag: "Opening", carrier, next, reason, again: undefined },
  [{ _tag: "Open", socket: next, afterFailure }]
]

/** Twins take turns, unless the exchange leaves no choice. */
const isPatient = ({ due }: Carrier, now: number): boolean => due.reason === "age" && now < due.at + TURN_MILLIS

/** When the new socket may be relied on. */
const readyAt = ({ liveAt, readSince, subscribedAt }: State & { _tag: "Overlapping" }): number => {
  if (subscribedAt === undefined) return Number.POSITIVE_INFINITY
  const proven = Math.min((liveAt ?? Number.POSITIVE_INFINITY) + OVERLAP_MILLIS, subscribedAt + QUIET_MILLIS)
  return Math.max(proven, subscribedAt + OVERLAP_MILLIS, readSince + OVERLAP_MILLIS)
}

export const step = (state: State, event: Event, now: number): Step => {
  if (event._tag === "Rescheduled") return [rescheduled(state, event.dueAt), []]
  switch (state._tag) {
    case "Connecting":
      return connecting(state, event, now)
    case "Steady":
      return steady(state, event, now)
    case "Opening":
      return opening(state, event, now)
    case "Overlapping":
      return overlapping(state, event, now)
  }
}

const rescheduled = (state: State, dueAt: ReadonlyMap<number, number>): State => {
  const anew = (carrier: Carrier): Carrier => {
    const at = dueAt.get(carrier.id)
    return at === undefined || carrier.due.reason !== "age" ? carrier : { ...carrier, due: { at, reason: "age" } }
  }
  if (state._tag === "Connecting") return state
  const carrier = anew(state.carrier)
  return state._tag === "Overlapping" ? { ...state, carrier, next: anew(state.next) } : { ...state, carrier }
}

const opened = (id: number, dueAt: number, again: Reason | undefined, now: number): Carrier => ({
  id,
  since: now,
  due: again === undefined ? { at: dueAt, reason: "age" } : { at: now, reason: again }
})

const connecting = (state: State & { _tag: "Connecting" }, event: Event, now: number): Step => {
  switch (event._tag) {
    case "Opened":
      if (event.socket !== state.next) return [state, []]
      return [{ _tag: "Steady", carrier: opened(state.next, event.dueAt, state.again, now) }, []]
    case "Ended": {
      if (event.socket !== state.next) return [state, []]
      const next = state.next + 1
      // A new attempt asks for whatever is wanted by then.
      return [{ _tag: "Connecting", next, again: undefined }, [{ _tag: "Open", socket: next, afterFailure: true }]]
    }
    case "Renew":
      return [{ ...state, again: "renewal" }, []]
    default:
      return [state, []]
  }
}

const steady = (state: State & { _tag: "Steady" }, event: Event, now: number): Step => {
  const { carrier } = state
  switch (event._tag) {
    case "Ended": {
      if (event.socket !== carrier.id) return [state, []]
      const next = carrier.id + 1
      return [{ _tag: "Connecting", next, again: undefined }, [{ _tag: "Open", socket: next, afterFailure: true }]]
    }
    case "ShutdownNotice":
      return event.socket === carrier.id ? replace(carrier, carrier.id + 1, "shutdown-notice") : [state, []]
    case "Renew":
      return replace(carrier, carrier.id + 1, "renewal")
    case "Tick":
      if (now < carrier.due.at || (event.isTwinBusy && isPatient(carrier, now))) return [state, []]
      return replace(carrier, carrier.id + 1, carrier.due.reason)
    default:
      return [state, []]
  }
}

const opening = (state: State & { _tag: "Opening" }, event: Event, now: number): Step => {
  const { again, carrier, next, reason } = state
  switch (event._tag) {
    case "Opened":
      if (event.socket !== next) return [state, []]
      return [
        {
          _tag: "Overlapping",
          carrier,
          next: opened(next, event.dueAt, again, now),
          reason,
          subscribedAt: undefined,
          liveAt: undefined,
          readSince: now
        },
        []
      ]
    case "Ended":
      if (event.socket === next) return replace(carrier, next + 1, reason, true)
      // The new one is on its way already.
      return event.socket === carrier.id ? [{ _tag: "Connecting", next, again }, []] : [state, []]
    case "ShutdownNotice":
      return event.socket === carrier.id ? [{ ...state, reason: "shutdown-notice" }, []] : [state, []]
    case "Renew":
      return [{ ...state, again: "renewal" }, []]
    default:
      return [state, []]
  }
}

const overlapping = (state: State & { _tag: "Overlapping" }, event: Event, now: number): Step => {
  const { carrier, next, reason } = state
  switch (event._tag) {
    case "Subscribed":
      return [event.socket === next.id ? { ...state, subscribedAt: state.subscribedAt ?? now } : state, []]
    case "Live":
      return [event.socket === next.id ? { ...state, liveAt: state.liveAt ?? now } : state, []]
    case "Ended": {
      if (event.socket === next.id) return replace(carrier, next.id + 1, reason, true)
      if (event.socket !== carrier.id) return [state, []]
      // Before all is subscribed the new one is no replacement.
      const isReplaced = state.subscribedAt !== undefined
      return [{ _tag: "Steady", carrier: next }, isReplaced ? [{ _tag: "RolledOver", since: next.since, reason }] : []]
    }
    case "ShutdownNotice":
      if (event.socket !== next.id) return [state, []]
      return [{ ...state, next: { ...next, due: { at: now, reason: "shutdown-notice" } } }, []]
    case "Renew":
      return [{ ...state, next: { ...next, due: { at: now, reason: "renewal" } } }, []]
    case "Tick": {
      if (event.isPaused) return [{ ...state, readSince: now }, []]
      if (now < readyAt(state)) return [state, []]
      return [
        { _tag: "Steady", carrier: next },
        [
          { _tag: "Close", socket: carrier.id },
          { _tag: "RolledOver", since: next.since, reason }
        ]
      ]
    }
    default:
      return [state, []]
  }
}
