/** Faults of the connector's own process and of the machine below it. */
import { closeSync, openSync, readdirSync, readSync, statSync, writeFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { does, pause, type Scenario, streamsOf, until } from "../scenario.ts"
import { observed, only, sizeOf } from "./kafka.ts"

const CLOCK = fileURLToPath(new URL("../clock.mjs", import.meta.url))

/** Flips one bit in so many places of the folder's files. */
const damage = (folder: string, places: number, random: () => number): ReadonlyArray<string> => {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => ({ name, size: statSync(join(folder, name)).size, isFile: statSync(join(folder, name)).isFile() }))
    .filter(({ isFile, size }) => isFile && size > 10_000)
  return Array.from({ length: files.length === 0 ? 0 : places }, () => {
    const file = files[Math.floor(random() * files.length)]
    if (file === undefined) return ""
    const place = Math.floor(random() * file.size)
    const handle = openSync(join(folder, file.name), "r+")
    const byte = Buffer.alloc(1)
    readSync(handle, byte, 0, 1, place)
    byte[0] = (byte[0] ?? 0) ^ (1 << Math.floor(random() * 8))
    writeSync(handle, byte, 0, 1, place)
    closeSync(handle)
    return `${file.name}@${place}`
  })
}

export const processFaults: ReadonlyArray<Scenario> = [
  {
    name: "sigterm-restart",
    about: "stopped in a burst and started again at once",
    sabotages: ["history"],
    simulator: { rate: 2000 },
    run: ({ connector }) =>
      Effect.gen(function* () {
        for (let round = 0; round < 2; round++) {
          yield* connector.stop
          yield* connector.start()
          yield* connector.stores(2000)
        }
      })
  },
  {
    name: "sigkill",
    about: "killed at seeded instants and started again at once: 3 times quickly, else 8, with --full 50",
    sabotages: ["history", "stored-twice"],
    run: ({ connector, random, size }) =>
      Effect.gen(function* () {
        const rounds = { quick: 3, normal: 8, full: 50 }[size]
        for (let round = 0; round < rounds; round++) {
          // From the middle of its start to full flow.
          if (round % 4 === 3) yield* pause(Math.floor(random() * 3000))
          else {
            yield* connector.stores(100)
            yield* pause(Math.floor(random() * 1500))
          }
          yield* connector.kill
          yield* connector.start()
        }
        yield* connector.stores(1000)
      })
  },
  {
    name: "positions-lost",
    about: "killed, and the topic of positions is deleted before it starts again: the data topics tell where it stood",
    sabotages: ["history"],
    run: ({ connector, kafka, topic }) =>
      Effect.gen(function* () {
        for (let round = 0; round < 2; round++) {
          yield* connector.kill
          yield* does(() => kafka.deleteTopic(topic("positions")))
          yield* connector.start()
          yield* connector.stores(1000)
        }
      })
  },
  {
    name: "stopped-without-kafka",
    about: "stopped while Kafka is away, started again when it is back; without any history nothing is missing",
    sabotages: ["disk"],
    settings: { BINANCE_REST_URL: "http://127.0.0.1:1", GAP_WAIT_SECONDS: "10" },
    streams: streamsOf(["trade", "aggTrade"]),
    run: (world) =>
      Effect.gen(function* () {
        const { connector, simulator } = world
        const node = only(world)
        yield* does(node.kill)
        yield* pause(4000)
        // Nothing happens in the market while nobody listens.
        simulator.pause()
        yield* pause(500)
        yield* connector.stop
        yield* does(node.start)
        const accepted = simulator.streams.accepted
        yield* connector.start()
        yield* until(() => simulator.streams.accepted > accepted, "a connection to the exchange")
        simulator.resume()
        yield* connector.stores(1000)
      })
  },
  {
    name: "kafka-away-and-killed",
    about: "killed while Kafka is away and everything waits on the disk, started again without Kafka, then with it",
    sabotages: ["history"],
    settings: { SPOOL: "always" },
    simulator: { rate: 1000 },
    settleSeconds: 120,
    // Where it stood is written in Kafka: until it is back, live goes on, and what lies between follows late.
    expect: { mayOpenGaps: true },
    run: (world) =>
      Effect.gen(function* () {
        const { connector } = world
        const node = only(world)
        yield* does(node.kill)
        yield* pause(8000)
        yield* connector.kill
        yield* connector.start()
        yield* pause(5000)
        yield* does(node.start)
        yield* connector.stores(2000)
      })
  },
  {
    name: "disk-full",
    about: "Kafka is away for longer than the spool has room, then again and killed on its return; all is caught up",
    sabotages: ["history"],
    settings: { SPOOL_MAX_BYTES: "1MiB" },
    simulator: { rate: 1500 },
    streams: [...streamsOf(["trade", "aggTrade"]), "btcusdt@bookTicker"],
    expect: { claims: ["overflow"] },
    settleSeconds: 180,
    run: (world) =>
      Effect.gen(function* () {
        const node = only(world)
        yield* does(node.kill)
        yield* observed(world, 20_000)
        yield* does(node.start)
        yield* world.connector.stores(2000)
        yield* does(node.kill)
        yield* pause(12_000)
        yield* does(node.start)
        yield* world.connector.stores(500)
        yield* world.connector.kill
        yield* world.connector.start()
        yield* world.connector.stores(2000)
      })
  },
  {
    name: "spool-damaged",
    about: "bits of the spool flip while the connector is down",
    sabotages: ["history"],
    settings: { SPOOL: "always" },
    simulator: { rate: 1000 },
    streams: streamsOf(["trade", "aggTrade"]),
    // What is damaged lies between newer ones that are stored: it follows late, and has to be said.
    expect: { mayOpenGaps: true },
    settleSeconds: 180,
    run: (world) =>
      Effect.gen(function* () {
        const { connector, dataDir, note, random } = world
        const node = only(world)
        yield* does(node.kill)
        yield* until(() => sizeOf(dataDir) > 2_000_000, "2 MB in the spool")
        yield* connector.kill
        note(`flipped ${damage(dataDir, 5, random).join(", ")}`)
        yield* does(node.start)
        yield* connector.start()
        yield* connector.stores(3000)
        note(`damaged records: ${yield* connector.metric("binance_kafka_spool_damaged_records_total")}`)
      })
  },
  {
    name: "clock-leaps",
    about: "the machine's clock goes ahead two hours, back three, and to the right time",
    sabotages: ["record-dropped"],
    startsItself: true,
    run: ({ connector, dataDir, simulator }) =>
      Effect.gen(function* () {
        const file = join(dataDir, "clock")
        writeFileSync(file, "0")
        yield* connector.start({ NODE_OPTIONS: `--import=${CLOCK}`, FAULTS_CLOCK: file })
        yield* connector.stores(500)
        for (const offset of [2 * 3_600_000, -3 * 3_600_000, 0]) {
          writeFileSync(file, String(offset))
          yield* connector.stores(1000)
          simulator.cutAll("terminate")
          yield* connector.stores(1500)
        }
      })
  }
]
