/** What went wrong, sorted by what may be done about it, in words that name the variable to look at. */
import { Predicate } from "effect"
import { KafkaError } from "../../services/KafkaDriver.ts"
import { codeOf, type Verdict } from "./codes.ts"

const AUTHORITY = "KAFKA_SSL_CA_FILE must hold the authority that signed the broker's certificate"
const CLIENT_CERTIFICATE =
  "the broker refuses the client's certificate: check KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE"
const TLS_OR_NOT = "is KAFKA_SSL right for this port?"
const TLS_TERMS = "the broker wants another TLS version or cipher, or KAFKA_SSL is not right for this port"
export const SECURITY = "check KAFKA_SSL and KAFKA_SASL_MECHANISM: the port may expect TLS or SASL, or neither"
const SERVERS = "check KAFKA_BOOTSTRAP_SERVERS"

const SYSTEM_AUTHORITY_CODES = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_SIGNATURE_FAILURE"
])

/** By what Node calls it. */
export const ofSystemCode = (code: string): Verdict | undefined => {
  if (SYSTEM_AUTHORITY_CODES.has(code)) return ["Denied", AUTHORITY]
  if (code === "CERT_HAS_EXPIRED" || code === "CERT_NOT_YET_VALID") {
    return ["Denied", "the broker's certificate is not valid today: check it, and this machine's clock"]
  }
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID") {
    return ["Denied", "KAFKA_BOOTSTRAP_SERVERS must use a name that the broker's certificate holds"]
  }
  if (/CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED/.test(code)) return ["Denied", CLIENT_CERTIFICATE]
  // The broker's own trouble, which may pass.
  if (code.endsWith("ALERT_INTERNAL_ERROR")) return ["Unreachable", TLS_OR_NOT]
  if (code.includes("ALERT")) return ["Denied", TLS_TERMS]
  if (code === "EPROTO" || code.startsWith("ERR_SSL")) return ["Denied", TLS_OR_NOT]
  if (code === "ENOTFOUND" || code === "EAI_AGAIN") return ["Unreachable", SERVERS]
  return undefined
}

/** Whoever hangs up may have expected TLS or SASL, as long as none of them has ever spoken with us. */
export const hungUp = (hasWorked: boolean, advice: string = SECURITY): Verdict =>
  hasWorked ? ["Unreachable"] : ["Unreachable", advice]

/** Begins what is said of an answer that cannot be read. */
export const NOT_KAFKA = "the answer is not Kafka's"

/** By what every client says alike. */
export const ofMessage = (message: string, hasWorked: boolean): Verdict | undefined => {
  if (message.includes("before secure TLS connection")) return hungUp(hasWorked, TLS_OR_NOT)
  if (message.includes(NOT_KAFKA)) return ["Unreachable", SECURITY]
  return undefined
}

export const stringOf = (value: unknown, property: string): string =>
  Predicate.hasProperty(value, property) && typeof value[property] === "string" ? value[property] : ""

export const textOf = (cause: unknown): string =>
  (Predicate.isError(cause) ? cause.message : String(cause)).replaceAll(/\s+/g, " ").trim()

const words = (message: string, advice: string | undefined) =>
  advice === undefined ? message : `${message} (${advice})`

/** What a broker has answered. */
export const ofCode = (code: number, detail?: string | null): KafkaError => {
  const { name, says, verdict } = codeOf(code)
  const [kind, advice] = verdict
  return new KafkaError({ kind, code: name, message: words(`${name}: ${detail ?? says}`, advice) })
}

/** What a client has thrown: a doubt, where a record was written by then. */
export const ofThrown = (cause: unknown, message: string, code: string, verdict: Verdict | "written"): KafkaError => {
  if (verdict === "written") return new KafkaError({ kind: "Doubt", message: `no answer: ${message}`, code, cause })
  const [kind, advice] = verdict
  return new KafkaError({ kind, message: words(message, advice), code, cause })
}

/** Of several that were tried, the one that says most. */
export const mostTelling = (errors: ReadonlyArray<KafkaError>): KafkaError | undefined =>
  errors.find(({ kind }) => kind === "Denied") ?? errors.at(-1)
