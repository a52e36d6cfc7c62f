import { assert, describe, it } from "@effect/vitest"
import kafkajs from "kafkajs"
import { ofThrown } from "../../../src/layers/kafkajs/thrown.ts"
import { ofCode } from "../../../src/layers/wire/errors.ts"
import type { KafkaError } from "../../../src/services/KafkaDriver.ts"

type Kind = KafkaError["kind"]

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
