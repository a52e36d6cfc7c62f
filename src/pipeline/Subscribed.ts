/**
 * What one socket is subscribed to, and how it comes to carry what is wanted of it, as a state machine without time or I/O: told
 * what is wanted and what the exchange has answered, it says which frame to send next. Its promises, a property each in its
 * test:
 *
 * 1. Once nothing is left to send, the exchange carries on the socket exactly what is wanted.
 * 2. No frame names a stream that has neither come nor gone nor was asked for anew: the others flow on untouched.
 * 3. The socket never carries more than it did or is to: those that go leave before those that come join.
 * 4. What came and went before its turn to be sent costs no frame.
 */
import { type ControlRequest, controlRequest } from "./Subscriptions.ts"

export interface Subscribed {
  /** These are wanted from now on, and no others. */
  readonly want: (names: Iterable<string>) => void
  readonly wanted: () => ReadonlySet<string>
  /** Those of these that are carried leave and join again. */
  readonly renew: (names: ReadonlyArray<string>) => void
  /** What to send now; it counts as sent. */
  readonly next: () => ControlRequest | undefined
  /** The exchange has dealt with the request, whatever it says. */
  readonly answered: (id: number) => void
  /** All that is wanted was asked for, and is answered. */
  readonly isSettled: () => boolean
}

/** `carried`: what the address of the socket names. */
export const make = (carried: Iterable<string>, names: Iterable<string>): Subscribed => {
  /** What the exchange carries once it has dealt with all that was sent. */
  const asked = new Set(carried)
  let wanted: ReadonlySet<string> = new Set(names)
  /** To leave, though wanted. */
  const anew = new Set<string>()
  const unanswered = new Set<number>()
  let lastId = 0

  const leaving = (): ReadonlyArray<string> => [...asked].filter((name) => !wanted.has(name) || anew.has(name))
  const joining = (): ReadonlyArray<string> => [...wanted].filter((name) => !asked.has(name))

  const frame = (method: "SUBSCRIBE" | "UNSUBSCRIBE", names: ReadonlyArray<string>): ControlRequest => {
    const request = controlRequest(method, names, ++lastId)
    unanswered.add(request.id)
    return request
  }

  return {
    want: (names) => {
      wanted = new Set(names)
    },
    wanted: () => wanted,
    renew: (names) => {
      for (const name of names) if (asked.has(name)) anew.add(name)
    },
    next: () => {
      const old = leaving()
      if (old.length > 0) {
        const request = frame("UNSUBSCRIBE", old)
        for (const name of request.names) {
          asked.delete(name)
          anew.delete(name)
        }
        return request
      }
      const fresh = joining()
      if (fresh.length === 0) return undefined
      const request = frame("SUBSCRIBE", fresh)
      for (const name of request.names) asked.add(name)
      return request
    },
    answered: (id) => {
      unanswered.delete(id)
    },
    isSettled: () => unanswered.size === 0 && leaving().length === 0 && joining().length === 0
  }
}
