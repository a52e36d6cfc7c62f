/** The variables of the connection to Kafka. */
import { flag, oneOf, servers, text } from "./parsers.ts"
import { optional, variable } from "./Variable.ts"

export const kafka = {
  bootstrapServers: variable(
    {
      name: "KAFKA_BOOTSTRAP_SERVERS",
      default: "localhost:9092",
      expected: "host:port, several separated by commas",
      example: "kafka-1:9092,kafka-2:9092",
      doc: "`host:port`, several separated by commas; an empty list is refused",
      refusesBlank: true
    },
    servers
  ),
  client: variable(
    {
      name: "KAFKA_CLIENT",
      default: "kafkajs",
      expected: "kafkajs or platformatic",
      example: "platformatic",
      doc: "The client library: `kafkajs`, or `platformatic` (@platformatic/kafka), which needs Node 22.22 or 24.6, or later"
    },
    oneOf({ kafkajs: "kafkajs", platformatic: "platformatic" } as const)
  ),
  patches: variable(
    {
      name: "KAFKAJS_PATCHES",
      default: "true",
      expected: "true or false",
      example: "true",
      doc: "`false` leaves `kafkajs` as it is: its encoder is several times slower, and its pauses are longer under load"
    },
    flag
  ),
  clientId: variable(
    {
      name: "KAFKA_CLIENT_ID",
      default: "binance-kafka-connector",
      expected: "a name",
      example: "binance-kafka-connector",
      doc: "What the brokers call this client in logs, metrics and quotas"
    },
    text
  ),
  compression: variable(
    {
      name: "KAFKA_COMPRESSION",
      default: "snappy",
      expected: "one of none, snappy, gzip, lz4, zstd",
      example: "snappy",
      doc: "`none`, `snappy`, `gzip`, `lz4`, `zstd`"
    },
    oneOf({ none: "none", snappy: "snappy", gzip: "gzip", lz4: "lz4", zstd: "zstd" } as const)
  ),
  acks: variable(
    {
      name: "KAFKA_ACKS",
      default: "1",
      expected: "one of 0, 1, all",
      example: "all",
      doc: "`0`, `1`, `all`: which copies have to be stored; `1` makes up for the loss of a broker while the connector runs, `all` always"
    },
    oneOf({ "0": "0", "1": "1", all: "all" } as const)
  ),
  ssl: variable(
    { name: "KAFKA_SSL", default: "false", expected: "true or false", example: "true", doc: "TLS to the brokers" },
    flag
  ),
  sslCaFile: optional(
    {
      name: "KAFKA_SSL_CA_FILE",
      expected: "the path of a readable PEM file with certificates",
      example: "/etc/kafka/ca.pem",
      doc: "PEM; the authorities to trust in place of the usual ones"
    },
    text
  ),
  sslCertFile: optional(
    {
      name: "KAFKA_SSL_CERT_FILE",
      expected: "the path of a readable PEM file with a certificate",
      example: "/etc/kafka/client.pem",
      doc: "PEM; our certificate, for mutual TLS"
    },
    text
  ),
  sslKeyFile: optional(
    {
      name: "KAFKA_SSL_KEY_FILE",
      expected: "the path of a readable PEM file with a private key",
      example: "/etc/kafka/client.key",
      doc: "PEM, without a passphrase; the certificate's key"
    },
    text
  ),
  saslMechanism: optional(
    {
      name: "KAFKA_SASL_MECHANISM",
      expected: "one of plain, scram-sha-256, scram-sha-512",
      example: "scram-sha-512",
      doc: "`plain`, `scram-sha-256`, `scram-sha-512`"
    },
    oneOf({ plain: "plain", "scram-sha-256": "scram-sha-256", "scram-sha-512": "scram-sha-512" } as const)
  ),
  saslUsername: optional(
    { name: "KAFKA_SASL_USERNAME", expected: "a user name", example: "connector", doc: "For SASL" },
    text
  ),
  saslPassword: optional(
    {
      name: "KAFKA_SASL_PASSWORD",
      expected: "a password",
      example: "s3cret",
      doc: "For SASL; or better `KAFKA_SASL_PASSWORD_FILE`",
      secret: true
    },
    text
  ),
  saslPasswordFile: optional(
    {
      name: "KAFKA_SASL_PASSWORD_FILE",
      // Some put the password itself here.
      secret: true,
      expected: "the path of a readable file that holds the password",
      example: "/run/secrets/kafka-password",
      doc: "A file that holds the password; a line break at its end does not count"
    },
    text
  )
} as const
