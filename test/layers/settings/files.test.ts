import { spawnSync } from "node:child_process"
import { generateKeyPairSync } from "node:crypto"
import { chmodSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { rootCertificates } from "node:tls"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Redacted } from "effect"
import { faultsOf, settingsFrom, type Written } from "../../support/settingsFrom.ts"
import { makeCertificates } from "../../support/kafka/certificates.ts"
import { temporaryFolder } from "../../support/temporaryFolder.ts"

describe("a setting that names a file", () => {
  it.live("is told if the file is not what it should be", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const file = (name: string, content: string) => {
        writeFileSync(join(folder, name), content)
        return join(folder, name)
      }
      const { privateKey } = generateKeyPairSync("ec", {
        namedCurve: "P-256",
        publicKeyEncoding: { type: "spki", format: "pem" },
        privateKeyEncoding: { type: "pkcs8", format: "pem" }
      })
      const text = file("text", "no certificate")
      const broken = file("broken", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")
      const cert = file("cert", rootCertificates[0] ?? "")
      const key = file("key", privateKey)
      const empty = file("empty", "\n")
      const ssl = (files: Written) => faultsOf(settingsFrom({ KAFKA_SSL: "on", ...files }))

      const [noPem] = yield* ssl({ KAFKA_SSL_CA_FILE: text })
      assert.include(noPem, `KAFKA_SSL_CA_FILE=${text}: it holds no PEM certificate that can be used; expected`)
      const [badPem] = yield* ssl({ KAFKA_SSL_CA_FILE: broken })
      assert.include(badPem, `KAFKA_SSL_CA_FILE=${broken}: it holds no PEM certificate that can be used; expected`)
      const [noKey] = yield* ssl({ KAFKA_SSL_CERT_FILE: cert, KAFKA_SSL_KEY_FILE: cert })
      assert.include(
        noKey,
        `KAFKA_SSL_KEY_FILE=${cert}: it holds no PEM private key without a passphrase that can be used; expected`
      )
      const [otherKey] = yield* ssl({ KAFKA_SSL_CERT_FILE: cert, KAFKA_SSL_KEY_FILE: key })
      assert.strictEqual(otherKey, `KAFKA_SSL_KEY_FILE=${key}: not the key of the certificate in KAFKA_SSL_CERT_FILE`)

      const sasl = { KAFKA_SASL_MECHANISM: "plain", KAFKA_SASL_USERNAME: "u", KAFKA_SASL_PASSWORD_FILE: empty }
      const [noPassword] = yield* faultsOf(settingsFrom(sasl))
      assert.include(noPassword, `KAFKA_SASL_PASSWORD_FILE: the file is empty; expected`)
      assert.deepStrictEqual(
        yield* faultsOf(settingsFrom({ ...sasl, KAFKA_SASL_PASSWORD_FILE: key, KAFKA_SASL_PASSWORD: "p" })),
        [`KAFKA_SASL_PASSWORD_FILE: KAFKA_SASL_PASSWORD is set too: set one of the two`]
      )
    })
  )

  it.live.skipIf(process.getuid?.() === 0)("is told if this user may not read it", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const file = join(folder, "frames")
      writeFileSync(file, "")
      chmodSync(file, 0)
      const [fault] = yield* faultsOf(settingsFrom({ FEED: "replay", REPLAY_FILE: file }))
      assert.include(fault, `REPLAY_FILE=${file}: this user may not read it; expected`)
    })
  )

  it.live("stands for what the file holds", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const [ca, password] = [join(folder, "ca"), join(folder, "password")]
      const pem = rootCertificates.slice(0, 2).join("\n")
      writeFileSync(ca, pem)
      writeFileSync(password, " hunter2 \n")
      const { kafka } = yield* settingsFrom({
        KAFKA_SSL: "true",
        KAFKA_SSL_CA_FILE: ca,
        KAFKA_SASL_MECHANISM: "SCRAM-SHA-256",
        KAFKA_SASL_USERNAME: "u",
        KAFKA_SASL_PASSWORD_FILE: password
      })
      assert.deepStrictEqual(kafka.tls, Option.some({ ca: Option.some(pem), cert: Option.none(), key: Option.none() }))
      const sasl = Option.getOrThrow(kafka.sasl)
      assert.strictEqual(sasl.mechanism, "scram-sha-256")
      assert.strictEqual(Redacted.value(sasl.password), " hunter2 ")
    })
  )

  it.live.skipIf(spawnSync("openssl", ["version"]).status !== 0)("may be a certificate and its key", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const { clientCert, clientKey } = yield* Effect.promise(() => makeCertificates(folder))
      const { kafka } = yield* settingsFrom({
        KAFKA_SSL: "true",
        KAFKA_SSL_CERT_FILE: join(folder, "client.pem"),
        KAFKA_SSL_KEY_FILE: join(folder, "client.key")
      })
      const tls = Option.getOrThrow(kafka.tls)
      assert.deepStrictEqual(tls.cert, Option.some(clientCert))
      assert.strictEqual(Redacted.value(Option.getOrThrow(tls.key)), clientKey)
    })
  )

  it.effect("may be left out for TLS with the usual authorities", () =>
    Effect.gen(function* () {
      const { kafka } = yield* settingsFrom({ KAFKA_SSL: "true" })
      assert.deepStrictEqual(kafka.tls, Option.some({ ca: Option.none(), cert: Option.none(), key: Option.none() }))
    })
  )
})
