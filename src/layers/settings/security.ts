/** TLS and SASL to the brokers: several variables each, which hold only together. */
import { createPrivateKey } from "node:crypto"
import { Effect, Option, Redacted } from "effect"
import { kafka } from "../../schema/settings/kafka.ts"
import type { Reading } from "./Reading.ts"
import { assignment } from "../../schema/settings/Variable.ts"
import type { Sasl, Tls } from "../../schema/Settings.ts"
import * as files from "./files.ts"

export const tls = Effect.fnUntraced(function* (read: Reading) {
  const own = [kafka.sslCaFile, kafka.sslCertFile, kafka.sslKeyFile]
  const on = read.get(kafka.ssl)
  if (!on) {
    // A bad KAFKA_SSL has been told already.
    if (read.faultOf(kafka.ssl)) return Option.none<Tls>()
    for (const variable of own.filter((variable) => read.isSet(variable))) {
      read.refuse(variable, {
        instead: `without effect while KAFKA_SSL is off: set KAFKA_SSL=true, or leave ${variable.name} out`
      })
    }
    return Option.none<Tls>()
  }
  const pair = [kafka.sslCertFile, kafka.sslKeyFile] as const
  for (const [one, other] of [pair, [pair[1], pair[0]] as const]) {
    if (read.isSet(one) && !read.isSet(other)) read.missing(other, `${one.name} needs it`)
  }
  const ca = yield* files.certificates(read, kafka.sslCaFile)
  const cert = yield* files.certificates(read, kafka.sslCertFile)
  const key = yield* files.privateKey(read, kafka.sslKeyFile)
  if (Option.isSome(cert) && Option.isSome(key)) {
    if (!files.certificatesOf(cert.value)[0].checkPrivateKey(createPrivateKey(key.value))) {
      read.refuse(kafka.sslKeyFile, { instead: "not the key of the certificate in KAFKA_SSL_CERT_FILE" })
    }
  }
  return Option.some<Tls>({ ca, cert, key: Option.map(key, (text) => Redacted.make(text)) })
})

export const sasl = Effect.fnUntraced(function* (read: Reading) {
  const { saslMechanism, saslPassword, saslPasswordFile, saslUsername } = kafka
  const mechanism = read.get(saslMechanism)
  const username = read.get(saslUsername)
  const written = Option.map(read.get(saslPassword), (text) => Redacted.make(text))
  const filed = Option.map(yield* files.contents(read, saslPasswordFile), (text) => text.replace(/\r?\n$/, ""))
  if (Option.exists(filed, (text) => text === "")) read.refuse(saslPasswordFile, { because: "the file is empty" })

  if (!read.isSet(saslMechanism)) {
    for (const variable of [saslUsername, saslPassword, saslPasswordFile].filter((variable) => read.isSet(variable))) {
      read.refuse(variable, {
        instead: `without effect while KAFKA_SASL_MECHANISM is unset: set it, for example KAFKA_SASL_MECHANISM=${saslMechanism.example}`
      })
    }
    return Option.none<Sasl>()
  }
  const needed = `${assignment(saslMechanism, read.textOf(saslMechanism) ?? "")} needs it`
  if (!read.isSet(saslUsername)) read.missing(saslUsername, needed)
  if (read.isSet(saslPassword) && read.isSet(saslPasswordFile)) {
    read.refuse(saslPasswordFile, { instead: "KAFKA_SASL_PASSWORD is set too: set one of the two" })
  }
  if (!read.isSet(saslPassword) && !read.isSet(saslPasswordFile)) {
    read.missing(saslPassword, `${needed}, or KAFKA_SASL_PASSWORD_FILE`)
  }
  const password = Option.orElse(written, () => Option.map(filed, (text) => Redacted.make(text)))
  return Option.map(Option.all({ mechanism, password, username }), (sasl): Sasl => sasl)
})
