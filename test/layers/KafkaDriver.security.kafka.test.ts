import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Option, Redacted } from "effect"
import kafkajs from "kafkajs"
import { afterAll, beforeAll } from "vitest"
import * as KafkaClients from "../../src/layers/KafkaClients.ts"
import { type Acks, kafkaClients, type KafkaSettings, type SaslMechanism } from "../../src/schema/Settings.ts"
import { KafkaInspector, type TopicRight } from "../../src/services/KafkaInspector.ts"
import { type SecureBroker, startSecureBroker } from "../support/kafka/broker.ts"
import { describeKafka } from "../support/kafka/describeKafka.ts"
import { build, connected, expected, newTopic, records, withTopic } from "../support/kafka/driver.ts"
import { ACCOUNT } from "../support/kafka/properties.ts"
import { client as kafkaJs, readTopic } from "../support/kafka/records.ts"
import { settingsLayer, testSettings } from "../support/settings.ts"

const { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } = kafkajs

const tls = ({ ca, cert, key }: { readonly ca?: string; readonly cert?: string; readonly key?: string } = {}) => ({
  tls: Option.some({
    ca: Option.fromNullishOr(ca),
    cert: Option.fromNullishOr(cert),
    key: Option.map(Option.fromNullishOr(key), (pem) => Redacted.make(pem))
  })
})

const sasl = (mechanism: SaslMechanism, account = ACCOUNT) => ({
  sasl: Option.some({ mechanism, username: account.username, password: Redacted.make(account.password) })
})

const mechanisms: ReadonlyArray<SaslMechanism> = ["plain", "scram-sha-256", "scram-sha-512"]
const everyAcks: ReadonlyArray<Acks> = ["1", "all"]

describeKafka("KafkaDriver", () => {
  let broker: SecureBroker
  beforeAll(async () => {
    broker = await startSecureBroker()
  })
  afterAll(() => broker.remove())

  const trusted = () => tls({ ca: broker.certificates.ca })

  describe.each(kafkaClients)("over %s", (client) => {
    describe("stores and reads back", () => {
      const stores = (name: string, server: () => string, kafka: () => Partial<KafkaSettings>) =>
        it.live(name, () =>
          Effect.gen(function* () {
            const { driver, topic } = yield* withTopic(server(), { client, ...kafka(), acks: "all" })
            const sent = records(topic, 5)
            assert.strictEqual(yield* driver.produce(topic, 0, sent), 0)
            assert.deepStrictEqual(yield* Effect.promise(() => readTopic(broker.bootstrap, topic)), expected(0, sent))
          })
        )

      stores("over TLS", () => broker.tls, trusted)
      stores(
        "over mutual TLS",
        () => broker.mutualTls,
        () => {
          const { ca, clientCert, clientKey } = broker.certificates
          return tls({ ca, cert: clientCert, key: clientKey })
        }
      )
      for (const mechanism of mechanisms) {
        stores(
          `with SASL ${mechanism}`,
          () => broker.sasl,
          () => sasl(mechanism)
        )
        stores(
          `with SASL ${mechanism} over TLS`,
          () => broker.saslTls,
          () => ({ ...sasl(mechanism), ...trusted() })
        )
      }
    })

    describe("says at once which setting is wrong", () => {
      const says = (
        name: string,
        server: () => string,
        kafka: () => Partial<KafkaSettings>,
        kind: "Denied" | "Unreachable",
        ...parts: ReadonlyArray<string>
      ) =>
        it.live(name, () =>
          Effect.forEach(everyAcks, (acks) =>
            Effect.gen(function* () {
              const driver = yield* build(server(), { client, ...kafka(), acks })
              const error = yield* Effect.flip(driver.connect)
              assert.strictEqual(error.kind, kind, error.message)
              for (const part of [server(), ...parts]) assert.include(error.message, part)
              // Neither does it heal by itself.
              assert.deepInclude(yield* Effect.flip(driver.describe(["any"])), { kind })
            })
          )
        )

      for (const mechanism of mechanisms) {
        for (const [fault, account] of [
          ["password", { ...ACCOUNT, password: "wrong" }],
          ["user", { ...ACCOUNT, username: "nobody" }]
        ] as const) {
          const variables = ["KAFKA_SASL_USERNAME", "KAFKA_SASL_PASSWORD"]
          says(
            `of a wrong ${fault} (${mechanism})`,
            () => broker.sasl,
            () => sasl(mechanism, account),
            "Denied",
            ...variables
          )
        }
      }
      says("of a missing authority", () => broker.tls, tls, "Denied", "KAFKA_SSL_CA_FILE")
      says(
        "of a wrong authority",
        () => broker.tls,
        () => tls({ ca: broker.certificates.otherCa }),
        "Denied",
        "KAFKA_SSL_CA_FILE"
      )
      says("of a missing client certificate", () => broker.mutualTls, trusted, "Denied", "KAFKA_SSL_CERT_FILE")
      says(
        "of SASL where none is asked for",
        () => broker.bootstrap,
        () => sasl("plain"),
        "Denied",
        "KAFKA_SASL_MECHANISM"
      )
      says("of TLS where none is spoken", () => broker.bootstrap, trusted, "Unreachable", "KAFKA_SSL")
      says(
        "of missing TLS",
        () => broker.tls,
        () => ({}),
        "Unreachable",
        "KAFKA_SSL"
      )
      says(
        "of missing SASL",
        () => broker.sasl,
        () => ({}),
        "Unreachable",
        "KAFKA_SASL_MECHANISM"
      )
    })

    it.live("tells rights that are lacking from a wrong password, and assumes a size that it may not ask for", () =>
      Effect.gen(function* () {
        const owner = yield* connected(broker.bootstrap, { client })
        const [readOnly, hidden] = [newTopic("read-only"), newTopic("hidden")]
        for (const name of [readOnly, hidden])
          yield* owner.create({ name, partitions: 1, replicationFactor: undefined })
        const may = (resourceName: string, operation: (typeof AclOperationTypes)[keyof typeof AclOperationTypes]) => ({
          resourceType: AclResourceTypes.TOPIC,
          resourceName,
          resourcePatternType: ResourcePatternTypes.LITERAL,
          principal: `User:${ACCOUNT.username}`,
          host: "*",
          operation,
          permissionType: AclPermissionTypes.ALLOW
        })
        yield* Effect.promise(async () => {
          const admin = kafkaJs(broker.bootstrap).admin()
          await admin.connect()
          // A topic with one rule lets nobody do anything else.
          await admin.createAcls({
            acl: [
              may(readOnly, AclOperationTypes.DESCRIBE),
              { ...may(hidden, AclOperationTypes.READ), principal: "User:x" }
            ]
          })
          await admin.disconnect()
        })

        const driver = yield* connected(broker.sasl, { client, ...sasl("plain") })
        const { faults, topics } = yield* driver.describe([readOnly, hidden])
        assert.deepStrictEqual(topics, [
          { name: readOnly, partitions: 1, replicationFactor: 1, maxMessageBytes: 1_000_000 }
        ])
        const write = yield* Effect.flip(driver.produce(readOnly, 0, records(readOnly, 1)))
        assert.deepInclude(write, { kind: "Denied" })
        assert.include(write.message, "TOPIC_AUTHORIZATION_FAILED")
        assert.strictEqual((yield* driver.ends(readOnly, 0)).next, 0)
        const read = yield* Effect.flip(driver.fetch(readOnly, 0, 0))
        assert.deepInclude(read, { kind: "Denied" })
        assert.include(read.message, "the right Read on the topic")
        assert.deepStrictEqual([...faults.keys()], [hidden])
        assert.deepInclude(faults.get(hidden), { kind: "Denied" })
        assert.include(faults.get(hidden)?.message, hidden)
      })
    )

    it.live("says what rights there are, and what may be created, without writing", () =>
      Effect.gen(function* () {
        const owner = yield* connected(broker.bootstrap, { client })
        const [open, readOnly, hidden] = [newTopic("open"), newTopic("read-only"), newTopic("hidden")]
        const [wanted, forbidden] = [newTopic("wanted"), newTopic("forbidden")]
        for (const name of [open, readOnly, hidden]) {
          yield* owner.create({ name, partitions: 2, replicationFactor: undefined })
        }
        const principal = `User:${ACCOUNT.username}`
        const may = (resourceName: string, operation: (typeof AclOperationTypes)[keyof typeof AclOperationTypes]) => ({
          resourceType: AclResourceTypes.TOPIC,
          resourceName,
          resourcePatternType: ResourcePatternTypes.LITERAL,
          principal,
          host: "*",
          operation,
          permissionType: AclPermissionTypes.ALLOW
        })
        yield* Effect.promise(async () => {
          const admin = kafkaJs(broker.bootstrap).admin()
          await admin.connect()
          await admin.createAcls({
            acl: [
              may(readOnly, AclOperationTypes.READ),
              { ...may(hidden, AclOperationTypes.READ), principal: "User:x" },
              may(forbidden, AclOperationTypes.DESCRIBE),
              // Whoever may create any topic may create this one.
              {
                ...may("kafka-cluster", AclOperationTypes.CREATE),
                resourceType: AclResourceTypes.CLUSTER,
                principal: "User:x"
              }
            ]
          })
          await admin.disconnect()
        })

        const kafka = { ...testSettings().kafka, client, bootstrapServers: [broker.sasl], ...sasl("scram-sha-512") }
        const { inspect, mayCreate, reach } = yield* Effect.map(
          Layer.build(Layer.provide(KafkaClients.inspector, settingsLayer({ kafka }))),
          (context) => Context.get(context, KafkaInspector)
        )
        yield* reach(broker.sasl)
        const { brokers, faults, topics } = yield* inspect([open, readOnly, hidden, wanted])
        assert.deepStrictEqual(brokers, [broker.sasl])
        const all: ReadonlyArray<TopicRight> = ["Read", "Write", "Create", "Describe", "DescribeConfigs"]
        const few: ReadonlyArray<TopicRight> = ["Read", "Describe"]
        const shape = { partitions: 2, replicationFactor: 1, leaderless: 0 }
        assert.deepStrictEqual(topics.get(open), { ...shape, rights: Option.some(new Set(all)) })
        // The right to read holds that to describe.
        assert.deepStrictEqual(topics.get(readOnly), { ...shape, rights: Option.some(new Set(few)) })
        assert.deepStrictEqual([...topics.keys()].toSorted(), [open, readOnly].toSorted())
        assert.deepStrictEqual([...faults.keys()], [hidden])

        yield* mayCreate({ name: wanted, partitions: 3, replicationFactor: undefined })
        const tooMany = yield* Effect.flip(mayCreate({ name: wanted, partitions: 3, replicationFactor: 5 }))
        assert.deepInclude(tooMany, { kind: "Refused" })
        const denied = yield* Effect.flip(mayCreate({ name: forbidden, partitions: 1, replicationFactor: undefined }))
        assert.deepInclude(denied, { kind: "Denied" })
        assert.isFalse((yield* owner.describe([wanted, forbidden])).topics.length > 0)
      })
    )
  })
})
