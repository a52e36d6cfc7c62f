/**
 * A request of @platformatic/kafka 2.12.1 keeps the bytes that it sent, and its `Map` of requests keeps those that were answered long
 * ago: V8's replaced tables lead on to one another until the whole heap is collected, for which some 64 MB of such bytes are
 * reason enough. Nothing reads them once the socket has them; it is then that the client tells its log of the request.
 */
import { clientSoftwareVersion, loggers } from "@platformatic/kafka"
import { Predicate } from "effect"

/** In another one, whoever is told of a request may come too early. */
const VERSION = "2.12.1"

const NOTHING = Buffer.alloc(0)

type Log = (message: string, details: unknown) => void

const log: Log | undefined = loggers["protocol"]

const letGo: Log = (message, details) => {
  log?.(message, details)
  if (message !== "Sending request." || !Predicate.hasProperty(details, "request")) return
  const { request } = details
  if (Predicate.hasProperty(request, "payload")) request.payload = NOTHING
}

/** Requests let go of their bytes once these are the socket's, if this is the version that was read. Safe to repeat. */
export const applyLetGo = (version: unknown = clientSoftwareVersion): void => {
  if (version === VERSION) Object.assign(loggers, { protocol: letGo })
}
