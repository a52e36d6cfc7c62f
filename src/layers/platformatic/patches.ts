/**
 * A request of @platformatic/kafka 2.12.1 keeps the bytes that it sent, and the connection's `Map` of requests keeps some of those
 * that were answered long ago: V8's replaced tables lead on to one another until the whole heap is collected. No request needs its
 * bytes once the socket has them; it is then that the client tells its log of it.
 */
import { clientSoftwareVersion, loggers } from "@platformatic/kafka"
import { Predicate } from "effect"

/** Another version may tell its log before the socket has them. */
const VERSION = "2.12.1"

const NOTHING = Buffer.alloc(0)

type Log = (message: string, details: unknown) => void

const log: Log = loggers["protocol"]

const letGo: Log = (message, details) => {
  log(message, details)
  if (!Predicate.hasProperty(details, "request")) return
  const { request } = details
  if (Predicate.hasProperty(request, "payload")) request.payload = NOTHING
}

/** Has requests let go of their bytes once these are sent, if this is the version that was read. Safe to repeat. */
export const applyLetGo = (version: unknown = clientSoftwareVersion): void => {
  if (version === VERSION) Object.assign(loggers, { protocol: letGo })
}
