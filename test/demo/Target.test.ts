import { resolve } from "node:path"
import { assert, it } from "@effect/vitest"
import { kafkaSettings } from "../../src/demo/Target.ts"

it("hands on what is said of Kafka, to a process in another folder", () => {
  const given = {
    KAFKA_BOOTSTRAP_SERVERS: "kafka:9092",
    KAFKA_SSL_CA_FILE: "certificates/ca.pem",
    KAFKA_SSL_KEY_FILE: "/etc/kafka/key.pem",
    KAFKA_SASL_PASSWORD_FILE: " ",
    SINK: "console"
  }
  assert.deepStrictEqual(kafkaSettings(given), {
    KAFKA_BOOTSTRAP_SERVERS: "kafka:9092",
    KAFKA_SSL_CA_FILE: resolve("certificates/ca.pem"),
    KAFKA_SSL_KEY_FILE: "/etc/kafka/key.pem"
  })
})
