import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { kafkaFindings } from "../../src/check/kafka.ts"
import * as MemoryKafkaInspector from "../../src/layers/MemoryKafkaInspector.ts"
import type { Settings } from "../../src/schema/Settings.ts"
import { KafkaError } from "../../src/services/KafkaDriver.ts"
import type { InspectedTopic, TopicRight } from "../../src/services/KafkaInspector.ts"
import { testSettings } from "../support/settings.ts"

const SEED = "127.0.0.1:1"
const denied = new KafkaError({ kind: "Denied", message: "TOPIC_AUTHORIZATION_FAILED" })
const topic = (partitions: number, ...rights: ReadonlyArray<TopicRight>): InspectedTopic => ({
  partitions,
  replicationFactor: 1,
  leaderless: 0,
  rights: Option.some(new Set(rights))
})
const all: ReadonlyArray<TopicRight> = ["Read", "Write", "Describe"]

const lines = (options: MemoryKafkaInspector.Options, settings: Partial<Settings> = {}) =>
  kafkaFindings(testSettings(settings)).pipe(
    Effect.provide(MemoryKafkaInspector.layer(options)),
    Effect.map((findings) => findings.map(({ says, status, subject }) => `${status} ${subject} ${says}`))
  )

describe("check: Kafka", () => {
  it.effect("finds topics that may be used as they are", () =>
    Effect.gen(function* () {
      const topics = new Map(["continuity", "dead_letter", "positions"].map((name) => [name, topic(1, ...all)]))
      const [broker, ...others] = yield* lines({ topics: topics.set("raw_trades", topic(6, ...all)) })
      assert.match(broker ?? "", /^ok broker 127\.0\.0\.1:1 took \d+ ms to connect without TLS and SASL$/)
      assert.deepStrictEqual(others, [
        "ok topic raw_trades has 6 partitions, replication factor 1; may be written and read",
        ...["dead_letter", "continuity", "positions"].map(
          (name) => `ok topic ${name} has 1 partitions, replication factor 1; may be written and read`
        )
      ])
    })
  )

  it.effect("names the right that is lacking, and what cannot be told", () =>
    Effect.gen(function* () {
      const [, ...found] = yield* lines({
        topics: new Map([
          ["raw_trades", topic(6, "Read", "Describe")],
          ["dead_letter", { ...topic(1), rights: Option.none() }],
          ["positions", { ...topic(1, ...all), leaderless: 1 }]
        ]),
        faults: new Map([["continuity", denied]])
      })
      assert.match(found[0] ?? "", /^failed topic raw_trades: grant User:ANONYMOUS Write on it$/)
      assert.match(found[1] ?? "", /^warning topic dead_letter .*cannot be told without writing/)
      assert.match(
        found[2] ?? "",
        /^failed topic continuity is hidden from us.*grant User:ANONYMOUS Write, Describe, Read/
      )
      assert.match(found[3] ?? "", /^failed topic positions: 1 of its partitions have no leader/)
    })
  )

  it.effect("warns where a topic may be written and not read: the connector runs, with less", () =>
    Effect.gen(function* () {
      const topics = new Map([["raw_trades", topic(6, "Write", "Describe")]])
      const [, found] = yield* lines({ topics })
      assert.match(
        found ?? "",
        /^warning topic raw_trades: grant User:ANONYMOUS Read on it: without it a send in doubt/
      )
    })
  )

  it.effect("tells a topic that may be created from one that may not", () =>
    Effect.gen(function* () {
      const factor = new KafkaError({ kind: "Refused", message: "INVALID_REPLICATION_FACTOR" })
      const uncreatable = new Map([
        ["continuity", denied],
        ["positions", factor]
      ])
      const [, ...found] = yield* lines({ uncreatable })
      assert.match(found[0] ?? "", /^ok topic raw_trades does not exist and may be created/)
      assert.match(found[2] ?? "", /^failed topic continuity does not exist: grant User:ANONYMOUS Create on it/)
      assert.match(found[3] ?? "", /^failed topic positions .*INVALID_REPLICATION_FACTOR/)
      const { topics } = testSettings()
      const [, locked] = yield* lines({}, { topics: { ...topics, create: false } })
      assert.match(locked ?? "", /^failed topic raw_trades does not exist: create it, or let TOPIC_CREATE=true/)
    })
  )

  it.effect("looks at every broker, and no further where none can be reached", () =>
    Effect.gen(function* () {
      const gone = new KafkaError({ kind: "Unreachable", message: "kafka-2:9092: ECONNREFUSED" })
      const named = yield* lines({ brokers: [SEED, "kafka-2:9092"], unreachable: new Map([["kafka-2:9092", gone]]) })
      assert.match(named[1] ?? "", /^failed broker kafka-2:9092: ECONNREFUSED; .*advertised\.listeners/)
      const alone = yield* lines({ unreachable: new Map([[SEED, gone]]) })
      assert.match(alone[0] ?? "", /^failed broker kafka-2:9092: ECONNREFUSED; does Kafka run there/)
      const wrong = new KafkaError({ kind: "Denied", message: `${SEED}: check KAFKA_SASL_PASSWORD` })
      assert.deepStrictEqual(yield* lines({ unreachable: new Map([[SEED, wrong]]) }), [
        `failed broker ${SEED}: check KAFKA_SASL_PASSWORD`,
        "skipped topic not looked at: no broker can be reached"
      ])
    })
  )
})
