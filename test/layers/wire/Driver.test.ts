import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import type { Connect, Connection } from "../../../src/layers/wire/Connection.ts"
import * as Driver from "../../../src/layers/wire/Driver.ts"
import { KafkaDriver, KafkaError } from "../../../src/services/KafkaDriver.ts"
import { blankRecords } from "../../support/blankRecords.ts"
import { settingsLayer } from "../../support/settings.ts"

const TOPIC = "t"

/** A broker that stores all that it is sent, and whose connections break when a test says so. */
const makeBroker = () => {
  const open = new Set<number>()
  let connections = 0
  let end = 0
  const connect: Connect = ({ host, port }) => {
    const me = ++connections
    const connection: Partial<Connection> = {
      connect: async () => void open.add(me),
      disconnect: async () => void open.delete(me),
      isConnected: () => open.has(me),
      socket: () => undefined,
      errorOf: (cause) => new KafkaError({ kind: "Unreachable", message: String(cause), cause }),
      listOffsets: async () => [],
      metadata: async () => ({
        brokers: [{ nodeId: 1, host, port }],
        controllerId: 1,
        topics: [{ name: TOPIC, errorCode: 0, partitions: [{ partition: 0, leader: 1, replicas: [1] }] }]
      }),
      produce: async ({ parts }, onEncoded) => {
        onEncoded()
        return parts.map(({ partition, records, topic }) => {
          const baseOffset = end
          end += records.length
          return { topic, partition, errorCode: 0, baseOffset }
        })
      }
    }
    return connection as Connection
  }
  return { connect, connections: () => connections, breakAll: () => open.clear() }
}

const driverOver = (connect: Connect) =>
  Layer.effect(KafkaDriver, Driver.make(connect)).pipe(Layer.provide(settingsLayer()))

const send = (count: number) => Effect.flatMap(KafkaDriver, ({ produce }) => produce(TOPIC, 0, blankRecords(count)))

describe("the driver with KAFKA_ACKS=1", () => {
  it.effect("asks for nothing while the leader and its connection are the same", () => {
    const { connect, connections } = makeBroker()
    return Effect.gen(function* () {
      assert.strictEqual(yield* send(2), 0)
      assert.strictEqual(yield* send(3), 2)
      assert.strictEqual(yield* send(1), 5)
      assert.strictEqual(connections(), 1)
    }).pipe(Effect.provide(driverOver(connect)))
  })

  it.effect("sends nothing on another connection before it has said that what was acknowledged may be gone", () => {
    const { breakAll, connect, connections } = makeBroker()
    return Effect.gen(function* () {
      yield* send(2)
      breakAll()
      // Somebody else has connected again by then: the way to the leader is at hand, and another one.
      yield* (yield* KafkaDriver).connect
      assert.strictEqual(connections(), 2)
      const error = yield* Effect.flip(send(1))
      assert.strictEqual(error.kind, "Moved")
      assert.strictEqual(yield* send(1), 2)
    }).pipe(Effect.provide(driverOver(connect)))
  })
})
