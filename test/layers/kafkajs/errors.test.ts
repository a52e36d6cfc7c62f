import { assert, describe, it } from "@effect/vitest"
import kafkajs from "kafkajs"
import { mostTelling, ofCode, ofThrown } from "../../../src/layers/kafkajs/errors.ts"
import { KafkaError } from "../../../src/services/KafkaDriver.ts"

type Kind = KafkaError["kind"]

const codes: ReadonlyArray<readonly [code: number, kind: Kind, says: string]> = [
  [-1, "Doubt", "UNKNOWN"],
  [2, "Busy", "CORRUPT_MESSAGE"],
  [3, "MissingTopic", "UNKNOWN_TOPIC_OR_PARTITION"],
  [5, "Busy", "LEADER_NOT_AVAILABLE"],
  [6, "Moved", "NOT_LEADER_FOR_PARTITION"],
  [7, "Doubt", "REQUEST_TIMED_OUT"],
  [10, "Refused", "MESSAGE_TOO_LARGE"],
  [13, "Doubt", "NETWORK_EXCEPTION"],
  [14, "Busy", "LOAD_IN_PROGRESS"],
  [17, "Refused", "letters, digits"],
  [18, "Refused", "RECORD_LIST_TOO_LARGE"],
  [19, "Busy", "NOT_ENOUGH_REPLICAS"],
  [20, "Doubt", "NOT_ENOUGH_REPLICAS_AFTER_APPEND"],
  [29, "Denied", "KAFKA_SASL_USERNAME"],
  [31, "Denied", "KAFKA_SASL_USERNAME"],
  [32, "Refused", "INVALID_TIMESTAMP"],
  [33, "Denied", "KAFKA_SASL_MECHANISM"],
  [34, "Denied", "KAFKA_SASL_MECHANISM"],
  [37, "Refused", "TOPIC_PARTITIONS"],
  [38, "Refused", "TOPIC_REPLICATION_FACTOR"],
  [41, "Busy", "NOT_CONTROLLER"],
  [44, "Refused", "POLICY_VIOLATION"],
  [45, "Disputed", "OUT_OF_ORDER_SEQUENCE_NUMBER"],
  [47, "Disputed", "INVALID_PRODUCER_EPOCH"],
  [56, "Doubt", "KAFKA_STORAGE_ERROR"],
  [58, "Denied", "KAFKA_SASL_PASSWORD"],
  [59, "Disputed", "UNKNOWN_PRODUCER_ID"],
  [74, "Moved", "FENCED_LEADER_EPOCH"],
  [76, "Denied", "KAFKA_COMPRESSION"],
  [87, "Refused", "INVALID_RECORD"],
  [89, "Busy", "THROTTLING_QUOTA_EXCEEDED"],
  [90, "Disputed", "PRODUCER_FENCED"],
  [100, "MissingTopic", "topic id"],
  [999, "Busy", "error code 999"]
]

const coded = (message: string, code: string) =>
  Object.assign(new kafkajs.KafkaJSConnectionError(`Connection error: ${message}`), { code })

const named = (name: string, message: string) => Object.assign(new Error(message), { name })

const authentication = (message: string) => named("KafkaJSSASLAuthenticationError", message)

const thrown: ReadonlyArray<readonly [cause: unknown, kind: Kind, says: string]> = [
  [coded("connect ECONNREFUSED", "ECONNREFUSED"), "Unreachable", "ECONNREFUSED"],
  [coded("getaddrinfo ENOTFOUND kafak", "ENOTFOUND"), "Unreachable", "KAFKA_BOOTSTRAP_SERVERS"],
  [coded("getaddrinfo EAI_AGAIN kafka", "EAI_AGAIN"), "Unreachable", "KAFKA_BOOTSTRAP_SERVERS"],
  [coded("self-signed certificate", "SELF_SIGNED_CERT_IN_CHAIN"), "Denied", "KAFKA_SSL_CA_FILE"],
  [coded("unable to verify", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"), "Denied", "KAFKA_SSL_CA_FILE"],
  [coded("expired", "CERT_HAS_EXPIRED"), "Denied", "clock"],
  [coded("altnames", "ERR_TLS_CERT_ALTNAME_INVALID"), "Denied", "KAFKA_BOOTSTRAP_SERVERS"],
  [coded("alert", "ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE"), "Denied", "KAFKA_SSL_CERT_FILE"],
  [coded("alert", "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"), "Denied", "KAFKA_SSL_KEY_FILE"],
  [coded("alert unknown ca", "ERR_SSL_TLSV1_ALERT_UNKNOWN_CA"), "Denied", "KAFKA_SSL_CERT_FILE"],
  [coded("alert protocol version", "ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION"), "Denied", "another TLS version"],
  [coded("alert handshake failure", "ERR_SSL_SSL/TLS_ALERT_HANDSHAKE_FAILURE"), "Denied", "another TLS version"],
  [coded("alert internal error", "ERR_SSL_TLSV1_ALERT_INTERNAL_ERROR"), "Unreachable", "KAFKA_SSL"],
  [coded("wrong version number", "ERR_SSL_WRONG_VERSION_NUMBER"), "Denied", "KAFKA_SSL"],
  [
    coded("Client network socket disconnected before secure TLS connection was established", "ECONNRESET"),
    "Unreachable",
    "KAFKA_SSL"
  ],
  [named("KafkaJSConnectionClosedError", "Closed connection"), "Unreachable", "KAFKA_SSL and KAFKA_SASL_MECHANISM"],
  [authentication("SASL PLAIN authentication failed: no"), "Denied", "KAFKA_SASL_PASSWORD"],
  [authentication("SASL PLAIN mechanism is not supported by the server"), "Denied", "KAFKA_SASL_MECHANISM"],
  // The broker went away in the middle of it: that proves no password wrong.
  [authentication("SASL PLAIN authentication failed: Closed connection"), "Unreachable", "Closed connection"],
  [named("KafkaJSServerDoesNotSupportApiKey", "older"), "Denied", "too old or too new"],
  [Object.assign(new Error("text"), { type: "ILLEGAL_SASL_STATE" }), "Denied", "unset KAFKA_SASL_MECHANISM"],
  [new Error("several\n  lines "), "Unreachable", "several lines"],
  ["no error at all", "Unreachable", "no error at all"],
  [undefined, "Unreachable", "undefined"]
]

describe("ofCode", () => {
  it.each(codes)("takes %i for %s and says %s", (code, kind, says) => {
    const error = ofCode(code)
    assert.strictEqual(error.kind, kind)
    assert.include(error.message, says)
  })

  it("prefers what the broker says of it", () => {
    assert.include(ofCode(44, "no topics on Sundays").message, "POLICY_VIOLATION: no topics on Sundays")
  })
})

describe("ofThrown", () => {
  it.each(thrown)("takes %s for %s before anything was written, and says %s", (cause, kind, says) => {
    const error = ofThrown(cause, false)
    assert.strictEqual(error.kind, kind, error.message)
    assert.include(error.message, says)
  })

  it.each(thrown)("is in doubt after writing: %s", (cause) => {
    assert.strictEqual(ofThrown(cause, true).kind, "Doubt")
  })

  it("leaves TLS and SASL out of it once a broker has answered these settings", () => {
    const hangings = [
      named("KafkaJSConnectionClosedError", "Closed connection"),
      authentication("SASL PLAIN authentication failed: Closed connection"),
      coded("Client network socket disconnected before secure TLS connection was established", "ECONNRESET")
    ]
    for (const cause of hangings) {
      assert.include(ofThrown(cause, false).message, "KAFKA_SSL")
      const { kind, message } = ofThrown(cause, false, true)
      assert.strictEqual(kind, "Unreachable")
      assert.notMatch(message, /KAFKA_SSL|KAFKA_SASL/)
    }
  })

  it("tells reasons of one kind apart", () => {
    const codes = [coded("reset", "ECONNRESET"), coded("refused", "ECONNREFUSED"), named("Closed", "closed")]
    assert.deepStrictEqual(
      codes.map((cause) => ofThrown(cause, false).code),
      ["ECONNRESET", "ECONNREFUSED", "Closed"]
    )
    assert.deepStrictEqual(ofCode(6).code, "NOT_LEADER_FOR_PARTITION")
  })

  it("knows a request that was made and not written", () => {
    assert.strictEqual(ofThrown(new kafkajs.KafkaJSConnectionError("Not connected"), true).kind, "Unreachable")
  })
})

describe("mostTelling", () => {
  it("prefers what needs a person to what heals by itself", () => {
    const error = (kind: Kind) => new KafkaError({ kind, message: kind })
    assert.strictEqual(mostTelling([error("Unreachable"), error("Denied"), error("Unreachable")])?.kind, "Denied")
    assert.strictEqual(mostTelling([error("Unreachable"), error("Busy")])?.kind, "Busy")
    assert.isUndefined(mostTelling([]))
  })
})
