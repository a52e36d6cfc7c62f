import { assert, describe, it } from "@effect/vitest"
import { Effect, Result } from "effect"
import * as Cluster from "../../../src/layers/wire/Cluster.ts"
import type { Link } from "../../../src/layers/wire/Link.ts"
import { KafkaError } from "../../../src/services/KafkaDriver.ts"
import { testSettings } from "../../support/settings.ts"

const TOPIC = "t"

interface Node {
  readonly id: number
  /** Whom it takes for the leader; `undefined`: it cannot be reached. */
  leader: number | undefined
}

/** Brokers a:1, b:2, … that answer nothing but Metadata; the settings name those of `seeds`. */
const makeCluster = Effect.fnUntraced(function* (
  leaders: ReadonlyArray<number | undefined>,
  options: { readonly seeds: string; readonly controllerId?: number }
) {
  const nodes = leaders.map((leader, index): Node => ({ id: index + 1, leader }))
  const hostOf = ({ id }: Node): string => String.fromCharCode(96 + id)
  const asked: Array<string> = []
  const linkTo = (host: string) => {
    const node = nodes.find((one) => hostOf(one) === host)
    const down = new KafkaError({ kind: "Unreachable", message: `${host} is down` })
    const link = {
      host,
      usable: () => node?.leader !== undefined,
      isReady: () => node?.leader !== undefined,
      ready: Effect.suspend(() => (node?.leader === undefined ? Effect.fail(down) : Effect.void)),
      ask: () =>
        Effect.sync(() => {
          asked.push(host)
          const partition = { partition: 0, leader: node?.leader ?? -1, replicas: [1] }
          return {
            brokers: nodes.map((one) => ({ nodeId: one.id, host: hostOf(one), port: one.id })),
            controllerId: options.controllerId ?? -1,
            topics: [{ errorCode: 0, name: TOPIC, partitions: [partition] }]
          }
        }),
      close: Effect.void
    }
    return link as unknown as Link
  }
  /** Of each connection that was opened, whether a broker had answered before. */
  const afterwards: Array<boolean> = []
  const cluster = yield* Cluster.make(
    { ...testSettings().kafka, bootstrapServers: [options.seeds] },
    ({ host }, hasWorked) => {
      afterwards.push(hasWorked())
      return linkTo(host)
    }
  )
  return { afterwards, asked, cluster, nodes }
})

const hostOf = (link: Link): string => ("host" in link ? String(link.host) : "")

describe("Cluster", () => {
  it.effect("asks another broker for the leader each time, connected to it or not", () =>
    Effect.gen(function* () {
      // The first is cut off from the rest, and still takes itself for the leader.
      const { cluster } = yield* makeCluster([1, 2, 2], { seeds: "a:1" })
      assert.strictEqual(hostOf(yield* cluster.leader(TOPIC, 0)), "a")
      const found = new Set<string>()
      for (let look = 0; look < 3; look++) {
        cluster.forget(TOPIC)
        found.add(hostOf(yield* cluster.leader(TOPIC, 0)))
      }
      assert.isTrue(found.has("b"))
    })
  )

  it.effect("tells its connections whether a broker has ever answered", () =>
    Effect.gen(function* () {
      const { afterwards, cluster, nodes } = yield* makeCluster([undefined], { seeds: "a:1" })
      const [node] = nodes
      assert.isDefined(node)
      yield* Effect.flip(cluster.any)
      yield* Effect.flip(cluster.any)
      node.leader = 1
      yield* cluster.any
      node.leader = undefined
      yield* Effect.flip(cluster.any)
      assert.deepStrictEqual(afterwards, [false, false, true])
    })
  )

  it.effect("asks each of them, whatever else is asked in between", () =>
    Effect.gen(function* () {
      for (const count of [2, 3, 4]) {
        const { asked, cluster } = yield* makeCluster(
          Array.from({ length: count }, () => 1),
          { seeds: "a:1" }
        )
        yield* cluster.metadata([TOPIC])
        asked.length = 0
        for (let look = 0; look < count; look++) {
          yield* cluster.any
          yield* cluster.metadata([TOPIC])
        }
        assert.strictEqual(new Set(asked).size, count)
      }
    })
  )

  it.effect("passes over brokers that are down, and says so if all of them are", () =>
    Effect.gen(function* () {
      const { cluster, nodes } = yield* makeCluster([1, undefined, undefined], { seeds: "a:1" })
      for (let look = 0; look < 4; look++) {
        cluster.forget(TOPIC)
        assert.strictEqual(hostOf(yield* cluster.leader(TOPIC, 0)), "a")
      }
      for (const node of nodes) node.leader = undefined
      cluster.forget(TOPIC)
      const error = yield* Effect.flip(cluster.leader(TOPIC, 0))
      assert.strictEqual(error.kind, "Unreachable")
      assert.match(error.message, /is down/)
    })
  )

  it.effect("asks the controller to create topics, once there is word of one", () =>
    Effect.gen(function* () {
      const { asked, cluster } = yield* makeCluster([1, 1, 1], { seeds: "a:1", controllerId: 3 })
      assert.strictEqual(hostOf(yield* cluster.controller), "a")
      yield* cluster.metadata([TOPIC])
      assert.strictEqual(hostOf(yield* cluster.controller), "c")
      assert.deepStrictEqual(asked, ["a"])
    })
  )

  it.effect("finds the leaders of several partitions, and says of which it finds none", () =>
    Effect.gen(function* () {
      const { cluster, nodes } = yield* makeCluster([1, undefined], { seeds: "a:1" })
      const found = (partitions: ReadonlyArray<number>) =>
        Effect.map(
          cluster.leaders(
            partitions.map((partition) => ({ topic: TOPIC, partition })),
            "reading"
          ),
          (links) => links.map((link) => (Result.isSuccess(link) ? hostOf(link.success) : link.failure.kind))
        )
      assert.deepStrictEqual(yield* found([0]), ["a"])
      // Now they are at hand.
      assert.deepStrictEqual(yield* found([0, 0]), ["a", "a"])
      assert.deepStrictEqual(yield* found([0, 7, 0]), ["a", "MissingTopic", "a"])
      for (const node of nodes) node.leader = undefined
      assert.deepStrictEqual(yield* found([0]), ["Unreachable"])
    })
  )

  it.effect("stays with a broker that it is connected to where any will do", () =>
    Effect.gen(function* () {
      const { cluster } = yield* makeCluster([1, undefined, undefined], { seeds: "a:1" })
      yield* cluster.metadata([TOPIC])
      for (let turn = 0; turn < 4; turn++) assert.strictEqual(hostOf(yield* cluster.any), "a")
    })
  )
})
