/** What kafkajs has thrown, sorted by what may be done about it. */
import type { KafkaError } from "../../services/KafkaDriver.ts"
import { ACCOUNT, MECHANISM, type Verdict, VERSION, verdictOf } from "../wire/codes.ts"
import * as Errors from "../wire/errors.ts"

/** kafkajs reports whatever ends an authentication as a refusal; these are none. */
const BROKEN_OFF = /closed connection|closed by the server|connection error|not connected|timeout/i

const ofName = (name: string, message: string, hasWorked: boolean): Verdict => {
  if (name === "KafkaJSSASLAuthenticationError") {
    if (BROKEN_OFF.test(message)) return Errors.hungUp(hasWorked)
    return ["Denied", message.includes("mechanism is not supported") ? MECHANISM : ACCOUNT]
  }
  if (name === "KafkaJSServerDoesNotSupportApiKey") return ["Denied", VERSION]
  const said = Errors.ofMessage(message, hasWorked)
  if (said !== undefined) return said
  return name === "KafkaJSConnectionClosedError" ? Errors.hungUp(hasWorked) : ["Unreachable"]
}

/** kafkajs's own words for a request that it has not written. */
const NOT_WRITTEN = "Not connected"

/** If a record was written by then, it may be stored. `hasWorked`: a broker has answered these settings before. */
export const ofThrown = (cause: unknown, written: boolean, hasWorked = false): KafkaError => {
  const message = Errors.textOf(cause)
  const [type, code, name] = ["type", "code", "name"].map((property) => Errors.stringOf(cause, property))
  const verdict =
    written && message !== NOT_WRITTEN
      ? "written"
      : (verdictOf(type ?? "") ?? Errors.ofSystemCode(code ?? "") ?? ofName(name ?? "", message, hasWorked))
  return Errors.ofThrown(cause, message, type || code || name || "", verdict)
}
