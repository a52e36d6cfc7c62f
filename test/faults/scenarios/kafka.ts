/** Faults of Kafka and of the way there. */
import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import { does, pause, type Scenario, streamsOf, until, type World } from "../scenario.ts"

export const only = ({ kafka }: World) => {
  const [node] = kafka.nodes
  if (node === undefined) throw new Error("no broker")
  return node
}

/** Bytes of everything in a folder. */
export const sizeOf = (folder: string): number => {
  try {
    return readdirSync(folder, { recursive: true, encoding: "utf8" }).reduce((sum, name) => {
      const stat = statSync(join(folder, name), { throwIfNoEntry: false })
      return sum + (stat?.isFile() === true ? stat.size : 0)
    }, 0)
  } catch {
    return 0
  }
}

/** Watches memory and disk for so long. */
export const observed = Effect.fnUntraced(function* ({ connector, dataDir, note }: World, millis: number) {
  const samples: Array<{ readonly rss: number; readonly disk: number }> = []
  for (let waited = 0; waited < millis; waited += 1000) {
    yield* pause(1000)
    samples.push({ rss: connector.usage()?.rssMegabytes ?? 0, disk: Math.round(sizeOf(dataDir) / 2 ** 20) })
  }
  const rss = samples.map(({ rss }) => rss)
  const disk = samples.map(({ disk }) => disk)
  note(
    `RSS first ${rss[0]} MB, at half ${rss[Math.floor(rss.length / 2)]} MB, last ${rss.at(-1)} MB, most ${Math.max(...rss)} MB; disk last ${disk.at(-1)} MB, most ${Math.max(...disk)} MB`
  )
})

export const kafkaFaults: ReadonlyArray<Scenario> = [
  {
    name: "broker-killed",
    about: "the broker gets SIGKILL in full flow and comes back",
    sabotages: ["acks", "stored-twice"],
    simulator: { rate: 1500 },
    run: (world) =>
      Effect.gen(function* () {
        const node = only(world)
        for (let round = 0; round < 2; round++) {
          yield* does(node.kill)
          yield* pause(1500)
          yield* does(node.start)
          yield* world.connector.stores(1500)
        }
      })
  },
  {
    name: "broker-frozen",
    about: "the broker stands still with its connections open (SIGSTOP), and goes on",
    sabotages: ["stored-twice"],
    run: (world) =>
      Effect.gen(function* () {
        const node = only(world)
        node.pause()
        yield* pause(world.size === "quick" ? 6000 : 15_000)
        node.resume()
        yield* world.connector.stores(2000)
      })
  },
  {
    name: "kafka-slow",
    about: "every answer of Kafka's comes most of a second late",
    sabotages: ["record-dropped"],
    run: ({ connector, kafka }) =>
      Effect.gen(function* () {
        if (kafka.proxy !== undefined) kafka.proxy.delayMillis = 800
        yield* pause(8000)
        if (kafka.proxy !== undefined) kafka.proxy.delayMillis = 0
        yield* connector.stores(1000)
      })
  },
  {
    name: "stored-but-unanswered",
    about: "Kafka stores, the answer is lost and the connection with it, again and again; answers held back too",
    sabotages: ["stored-twice"],
    simulator: { rate: 1500 },
    run: ({ connector, kafka, random }) =>
      Effect.gen(function* () {
        const { proxy } = kafka
        if (proxy === undefined) return
        for (let round = 0; round < 8; round++) {
          const before = proxy.withheld()
          proxy.answers = "lose"
          yield* until(() => proxy.withheld() > before + Math.floor(random() * 3), "a lost answer")
          proxy.answers = "pass"
          yield* connector.stores(400)
        }
        proxy.answers = "hold"
        yield* pause(3000)
        proxy.answers = "pass"
        yield* does(proxy.dropConnections)
        yield* connector.stores(1000)
      })
  },
  {
    name: "idle-connections-closed",
    about: "the way to Kafka is closed in order, as brokers and balancers do",
    sabotages: ["stored-twice"],
    run: ({ connector, kafka }) =>
      Effect.gen(function* () {
        for (let round = 0; round < 4; round++) {
          yield* does(kafka.proxy?.dropConnections ?? (async () => {}))
          yield* connector.stores(500)
        }
      })
  },
  {
    name: "topic-deleted",
    about: "somebody deletes a topic; it is made anew and goes on without a hole from there",
    sabotages: ["record-dropped"],
    streams: streamsOf(["trade"]),
    expect: { fromFirstStored: true },
    run: ({ connector, kafka, topic }) =>
      Effect.gen(function* () {
        yield* does(() => kafka.deleteTopic(topic("raw_trades")))
        yield* connector.stores(2000)
      })
  },
  {
    name: "message-too-large",
    about: "the topic takes only small batches for a while",
    sabotages: ["record-dropped"],
    settings: { KAFKA_COMPRESSION: "none" },
    run: ({ connector, kafka, topic }) =>
      Effect.gen(function* () {
        yield* does(() => kafka.limit(topic("raw_trades"), 1500))
        yield* connector.stores(3000)
        yield* does(() => kafka.limit(topic("raw_trades"), undefined))
        yield* connector.stores(1000)
      })
  },
  {
    name: "no-kafka-at-start",
    about: "the connector starts before Kafka does",
    sabotages: ["record-dropped"],
    startsItself: true,
    run: (world) =>
      Effect.gen(function* () {
        const node = only(world)
        yield* does(node.kill)
        yield* world.connector.start()
        yield* until(() => world.simulator.ledger.pushed.size > 0, "a connection to the exchange")
        yield* pause(5000)
        yield* does(node.start)
        yield* world.connector.stores(2000)
      })
  },
  {
    name: "kafka-away",
    about: "Kafka is away for 40 s (with --full 5 minutes at 2,000 trades/s): what is received waits on the disk",
    sabotages: ["stored-twice"],
    simulator: { rate: 2000 },
    streams: [...streamsOf(["trade"]), "btcusdt@bookTicker", "btcusdt@depth@100ms"],
    settleSeconds: 240,
    run: (world) =>
      Effect.gen(function* () {
        const node = only(world)
        yield* does(node.kill)
        yield* observed(world, { quick: 10_000, normal: 40_000, full: 300_000 }[world.size])
        yield* does(node.start)
        yield* world.connector.stores(2000)
      })
  },
  {
    name: "leader-killed",
    about: "of three brokers one that leads gets SIGKILL, and comes back",
    kafka: "three",
    sabotages: ["acks", "stored-twice"],
    run: ({ connector, kafka, topic }) =>
      Effect.gen(function* () {
        for (let round = 0; round < 2; round++) {
          const leader = kafka.nodes[yield* Effect.promise(() => kafka.leaderOf(topic("raw_trades")))]
          if (leader === undefined) throw new Error("no leader")
          yield* does(leader.kill)
          yield* connector.stores(1500)
          yield* does(leader.start)
          yield* connector.stores(1000)
        }
      })
  },
  {
    name: "rolling-restart",
    about: "three brokers are restarted one after the other, as for an update",
    kafka: "three",
    sabotages: ["stored-twice"],
    run: ({ connector, kafka }) =>
      Effect.gen(function* () {
        for (const node of kafka.nodes) {
          yield* does(node.stop)
          yield* does(node.start)
          yield* connector.stores(1000)
        }
      })
  }
]
