import { AuthenticationError, NetworkError, ResponseError, UnsupportedApiError, UserError } from "@platformatic/kafka"
import { assert, describe, it } from "@effect/vitest"
import { ofThrown } from "../../../src/layers/platformatic/thrown.ts"
import type { KafkaError } from "../../../src/services/KafkaDriver.ts"

type Kind = KafkaError["kind"]

const SASL_HANDSHAKE = 17
const SASL_AUTHENTICATE = 36

const coded = (message: string, code: string) =>
  new NetworkError("Connection to b:1 failed.", { cause: Object.assign(new Error(message), { code }) })

const answered = (api: number, code: number, says: string | null = null) =>
  new ResponseError(api, 1, { "/": [code, says] }, {})

const authentication = (cause: Error) =>
  new NetworkError("Connection to b:1 failed.", {
    cause: new AuthenticationError("SASL authentication failed.", { cause })
  })

const thrown: ReadonlyArray<readonly [cause: unknown, kind: Kind, says: string]> = [
  [coded("connect ECONNREFUSED", "ECONNREFUSED"), "Unreachable", "ECONNREFUSED"],
  [coded("getaddrinfo ENOTFOUND kafak", "ENOTFOUND"), "Unreachable", "KAFKA_BOOTSTRAP_SERVERS"],
  [coded("self-signed certificate", "SELF_SIGNED_CERT_IN_CHAIN"), "Denied", "KAFKA_SSL_CA_FILE"],
  [coded("altnames", "ERR_TLS_CERT_ALTNAME_INVALID"), "Denied", "KAFKA_BOOTSTRAP_SERVERS"],
  [coded("alert", "ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED"), "Denied", "KAFKA_SSL_KEY_FILE"],
  [coded("wrong version number", "ERR_SSL_WRONG_VERSION_NUMBER"), "Denied", "KAFKA_SSL"],
  [
    new UserError("TLS handshake failed.", {
      cause: new Error("Client network socket disconnected before secure TLS connection was established")
    }),
    "Unreachable",
    "KAFKA_SSL"
  ],
  [new NetworkError("Connection closed"), "Unreachable", "KAFKA_SSL and KAFKA_SASL_MECHANISM"],
  [new NetworkError("Connection closed while waiting for ready."), "Unreachable", "KAFKA_SASL_MECHANISM"],
  [authentication(answered(SASL_AUTHENTICATE, 58, "no such user")), "Denied", "no such user"],
  [authentication(answered(SASL_AUTHENTICATE, 58)), "Denied", "KAFKA_SASL_PASSWORD"],
  [authentication(answered(SASL_HANDSHAKE, 33)), "Denied", "KAFKA_SASL_MECHANISM"],
  [authentication(answered(SASL_HANDSHAKE, 34)), "Denied", "unset KAFKA_SASL_MECHANISM"],
  [new AuthenticationError("Invalid server signature."), "Denied", "KAFKA_SASL_PASSWORD"],
  // The broker went away in the middle of it: that proves no password wrong.
  [authentication(new NetworkError("Connection closed")), "Unreachable", "Connection closed"],
  [new UnsupportedApiError("older"), "Denied", "too old or too new"],
  [
    new AggregateError([Object.assign(new Error("connect ETIMEDOUT"), { code: "ETIMEDOUT" })]),
    "Unreachable",
    "ETIMEDOUT"
  ],
  [new Error("several\n  lines "), "Unreachable", "several lines"],
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
    for (const cause of [
      new NetworkError("Connection closed"),
      authentication(new NetworkError("Connection closed"))
    ]) {
      assert.include(ofThrown(cause, false).message, "KAFKA_SSL")
      const { kind, message } = ofThrown(cause, false, true)
      assert.strictEqual(kind, "Unreachable")
      assert.notMatch(message, /KAFKA_SSL|KAFKA_SASL/)
    }
  })

  it("tells reasons of one kind apart", () => {
    const codes = [
      coded("reset", "ECONNRESET"),
      coded("refused", "ECONNREFUSED"),
      new NetworkError("Connection closed")
    ]
    assert.deepStrictEqual(
      codes.map((cause) => ofThrown(cause, false).code),
      ["ECONNRESET", "ECONNREFUSED", "PLT_KFK_NETWORK"]
    )
  })
})
