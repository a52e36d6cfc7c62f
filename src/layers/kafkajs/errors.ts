/** What went wrong, sorted by what may be done about it, in words that name the variable to look at. */
import { Predicate } from "effect"
import { errorCodes } from "kafkajs/src/protocol/error.js"
import { KafkaError } from "../../services/KafkaDriver.ts"

type Kind = KafkaError["kind"]
type Verdict = readonly [kind: Kind, advice?: string]

const RIGHTS = "grant the account of KAFKA_SASL_USERNAME (or of the certificate) what it lacks"
const ACCOUNT = "check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"
const MECHANISM = "check KAFKA_SASL_MECHANISM"
const NO_SASL = "this port does not ask for SASL: unset KAFKA_SASL_MECHANISM, or use another port"
const AUTHORITY = "KAFKA_SSL_CA_FILE must hold the authority that signed the broker's certificate"
const CLIENT_CERTIFICATE =
  "the broker refuses the client's certificate: check KAFKA_SSL_CERT_FILE and KAFKA_SSL_KEY_FILE"
const TLS_OR_NOT = "is KAFKA_SSL right for this port?"
const TLS_TERMS = "the broker wants another TLS version or cipher, or KAFKA_SSL is not right for this port"
const SECURITY = "check KAFKA_SSL and KAFKA_SASL_MECHANISM: the port may expect TLS or SASL, or neither"
const SERVERS = "check KAFKA_BOOTSTRAP_SERVERS"

/** By the protocol's name of an error code. What is not here was not stored, and is tried again: `Busy`. */
const byType: Readonly<Record<string, Verdict>> = {
  NOT_LEADER_FOR_PARTITION: ["Moved"],
  FENCED_LEADER_EPOCH: ["Moved"],
  UNKNOWN_LEADER_EPOCH: ["Moved"],
  UNKNOWN_TOPIC_OR_PARTITION: ["MissingTopic"],
  MESSAGE_TOO_LARGE: ["Refused"],
  RECORD_LIST_TOO_LARGE: ["Refused"],
  INVALID_TIMESTAMP: ["Refused"],
  INVALID_RECORD: ["Refused"],
  INVALID_TOPIC_EXCEPTION: ["Refused", "a topic's name may hold letters, digits, '.', '_' and '-'"],
  INVALID_PARTITIONS: ["Refused", "check TOPIC_PARTITIONS"],
  INVALID_REPLICATION_FACTOR: ["Refused", "TOPIC_REPLICATION_FACTOR is more than there are brokers"],
  POLICY_VIOLATION: ["Refused"],
  TOPIC_AUTHORIZATION_FAILED: ["Denied", RIGHTS],
  CLUSTER_AUTHORIZATION_FAILED: ["Denied", RIGHTS],
  SASL_AUTHENTICATION_FAILED: ["Denied", ACCOUNT],
  UNSUPPORTED_SASL_MECHANISM: ["Denied", MECHANISM],
  ILLEGAL_SASL_STATE: ["Denied", NO_SASL],
  SECURITY_DISABLED: ["Denied", NO_SASL],
  UNSUPPORTED_COMPRESSION_TYPE: ["Denied", "the broker or the topic does not take KAFKA_COMPRESSION"],
  UNSUPPORTED_VERSION: ["Denied", "the broker is too old or too new for this client"],
  INVALID_REQUIRED_ACKS: ["Denied", "check KAFKA_ACKS"],
  REQUEST_TIMED_OUT: ["Doubt"],
  NETWORK_EXCEPTION: ["Doubt"],
  NOT_ENOUGH_REPLICAS_AFTER_APPEND: ["Doubt"],
  KAFKA_STORAGE_ERROR: ["Doubt"],
  UNKNOWN: ["Doubt"],
  OUT_OF_ORDER_SEQUENCE_NUMBER: ["Disputed"],
  INVALID_PRODUCER_EPOCH: ["Disputed"],
  INVALID_PRODUCER_ID_MAPPING: ["Disputed"],
  INVALID_TXN_STATE: ["Disputed"],
  UNKNOWN_PRODUCER_ID: ["Disputed"],
  PRODUCER_FENCED: ["Disputed"]
}

/** Codes that kafkajs does not know. */
const LATER_CODES: ReadonlyArray<{ readonly type: string; readonly code: number; readonly message: string }> = [
  { code: 89, type: "THROTTLING_QUOTA_EXCEEDED", message: "The throttling quota has been exceeded" },
  { code: 90, type: "PRODUCER_FENCED", message: "There is a newer producer with the same id" },
  { code: 100, type: "UNKNOWN_TOPIC_OR_PARTITION", message: "This server does not host this topic id" },
  { code: 103, type: "UNKNOWN_TOPIC_OR_PARTITION", message: "The topic id is not the one of the topic" }
]

export const UNKNOWN_TOPIC = 3
export const TOPIC_DENIED = 29
export const OFFSET_OUT_OF_RANGE = 1

const SYSTEM_AUTHORITY_CODES = new Set([
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_SIGNATURE_FAILURE"
])

const ofSystemCode = (code: string): Verdict | undefined => {
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

/** A client reports whatever ends an authentication as a refusal; these are none. */
const BROKEN_OFF = /closed connection|closed by the server|connection error|not connected|timeout/i

/** Whoever hangs up may have expected TLS or SASL, as long as none of them has ever spoken with us. */
const hungUp = (advice: string, hasWorked: boolean): Verdict => (hasWorked ? ["Unreachable"] : ["Unreachable", advice])

const ofMessage = (name: string, message: string, hasWorked: boolean): Verdict => {
  if (name === "KafkaJSSASLAuthenticationError") {
    if (BROKEN_OFF.test(message)) return hungUp(SECURITY, hasWorked)
    return ["Denied", message.includes("mechanism is not supported") ? MECHANISM : ACCOUNT]
  }
  if (name === "KafkaJSServerDoesNotSupportApiKey")
    return ["Denied", "the broker is too old or too new for this client"]
  if (message.includes("before secure TLS connection")) return hungUp(TLS_OR_NOT, hasWorked)
  if (message.includes(NOT_KAFKA)) return ["Unreachable", SECURITY]
  if (name === "KafkaJSConnectionClosedError") return hungUp(SECURITY, hasWorked)
  return ["Unreachable"]
}

/** Begins what is said of an answer that cannot be read. */
export const NOT_KAFKA = "the answer is not Kafka's"

const stringOf = (value: unknown, property: string): string =>
  Predicate.hasProperty(value, property) && typeof value[property] === "string" ? value[property] : ""

const words = (message: string, advice: string | undefined) =>
  advice === undefined ? message : `${message} (${advice})`

/** What a broker has answered. */
export const ofCode = (code: number, detail?: string | null): KafkaError => {
  const known = [...errorCodes, ...LATER_CODES].find((error) => error.code === code)
  const type = known?.type ?? `error code ${code}`
  const [kind, advice] = byType[type] ?? ["Busy"]
  return new KafkaError({
    kind,
    code: type,
    message: words(`${type}: ${detail ?? known?.message ?? "unknown"}`, advice)
  })
}

/** kafkajs's own words for a request that it has not written. */
const NOT_WRITTEN = "Not connected"

const textOf = (cause: unknown): string =>
  (Predicate.isError(cause) ? cause.message : String(cause)).replaceAll(/\s+/g, " ").trim()

/**
 * What the client has thrown; if a record was written by then, it may be stored. `hasWorked`: a broker has answered these
 * settings before.
 */
export const ofThrown = (cause: unknown, written: boolean, hasWorked = false): KafkaError => {
  const message = textOf(cause)
  const [type, code, name] = [stringOf(cause, "type"), stringOf(cause, "code"), stringOf(cause, "name")]
  const common = { code: type || code || name, cause }
  if (written && message !== NOT_WRITTEN) {
    return new KafkaError({ kind: "Doubt", message: `no answer: ${message}`, ...common })
  }
  const [kind, advice] = byType[type] ?? ofSystemCode(code) ?? ofMessage(name, message, hasWorked)
  return new KafkaError({ kind, message: words(message, advice), ...common })
}

/** Of several that were tried, the one that says most. */
export const mostTelling = (errors: ReadonlyArray<KafkaError>): KafkaError | undefined =>
  errors.find(({ kind }) => kind === "Denied") ?? errors.at(-1)
