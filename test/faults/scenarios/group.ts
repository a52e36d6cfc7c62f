/** Several processes that share the streams, on a Kafka of three nodes. */
import { Effect, Schedule } from "effect"
import type { Connector } from "../connector.ts"
import { does, pause, type Scenario, streamsOf, type World } from "../scenario.ts"
import { following, reshape, reshaped } from "./reshape.ts"

const SHARDS = 12
const symbols = ["BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT", "ADAUSDT", "TRXUSDT", "LTCUSDT"]
const LIMIT = "3 minutes"

const seconds = (millis: number): string => `${(millis / 1000).toFixed(1)} s`

/** Completes once these have all shards between them, each once, and (`caughtUp`) are up to date with the exchange. */
const share = (some: ReadonlyArray<Connector>, caughtUp: boolean) =>
  Effect.forEach(some, ({ group }) => group, { concurrency: "unbounded" }).pipe(
    Effect.repeat({
      until: (groups) => {
        const shards = groups.flatMap((one) => one?.shards ?? [])
        const least = Math.floor(SHARDS / some.length)
        return (
          shards.length === SHARDS &&
          new Set(shards).size === SHARDS &&
          groups.every((one) => one !== undefined && one.shards.length >= least && (one.isReady || !caughtUp))
        )
      },
      schedule: Schedule.spaced("100 millis")
    }),
    Effect.timeoutOrElse({ duration: LIMIT, orElse: () => Effect.die("the shards are not shared in time") })
  )

/** How long until these share everything, and until they are up to date. */
const timed = Effect.fnUntraced(function* ({ note }: World, what: string, some: ReadonlyArray<Connector>) {
  const began = performance.now()
  yield* share(some, false)
  const owned = seconds(performance.now() - began)
  yield* share(some, true)
  note(
    `${what}: all shards have an owner after ${owned}, and are up to date after ${seconds(performance.now() - began)}`
  )
})

/** Three that share the streams: two have come to the first. */
const three = Effect.fnUntraced(function* (world: World) {
  const { another, connector } = world
  const all = [connector, yield* another("b"), yield* another("c")] as const
  for (const one of all.slice(1)) yield* one.start()
  yield* share(all, true)
  yield* connector.stores(1000)
  return all
})

const inGroup = (scenario: Pick<Scenario, "name" | "about" | "run">): Scenario => ({
  ...scenario,
  sabotages: ["history"],
  kafka: "three",
  acks: "all",
  isolations: "both",
  simulator: { rate: 400, symbols },
  streams: [...streamsOf(["trade", "aggTrade", "kline_1s"], symbols), ...streamsOf(["bookTicker", "depth@100ms"])],
  settings: { GROUP_ID: `faults-${scenario.name}`, SHARDS: String(SHARDS), SPOOL: "off" },
  settleSeconds: 120
})

export const groups: ReadonlyArray<Scenario> = [
  inGroup({
    name: "group-kill",
    about: "one of three processes is killed, and comes back",
    run: (world) =>
      Effect.gen(function* () {
        const [a, b, c] = yield* three(world)
        yield* b.kill
        yield* timed(world, "SIGKILL of one of three", [a, c])
        yield* a.stores(1000)
        yield* b.start()
        yield* timed(world, "one more", [a, b, c])
        yield* a.stores(1000)
      })
  }),
  inGroup({
    name: "group-frozen",
    about: "one of three processes is frozen for 30 s, and wakes up",
    run: (world) =>
      Effect.gen(function* () {
        const [a, b, c] = yield* three(world)
        yield* b.signal("SIGSTOP")
        const frozen = performance.now()
        yield* timed(world, "SIGSTOP of one of three", [a, c])
        yield* pause(Math.max(0, 30_000 - (performance.now() - frozen)))
        yield* b.signal("SIGCONT")
        yield* timed(world, "SIGCONT after 30 s", [a, b, c])
        yield* b.stores(500)
        yield* a.stores(1000)
      })
  }),
  inGroup({
    name: "group-rolling",
    about: "a fourth process comes, then all are restarted one by one",
    run: (world) =>
      Effect.gen(function* () {
        const [a, b, c] = yield* three(world)
        const d = yield* world.another("d")
        const all = [a, b, c, d]
        yield* d.start()
        yield* timed(world, "a fourth", all)
        yield* a.stores(1000)
        for (const [index, one] of all.entries()) {
          yield* one.stop
          yield* timed(
            world,
            `stop of ${index + 1} of 4`,
            all.filter((other) => other !== one)
          )
          yield* one.start()
          yield* timed(world, `start of ${index + 1} of 4`, all)
        }
        yield* a.stores(1000)
      })
  }),
  inGroup({
    name: "group-broker",
    about: "a broker and one of three processes are killed at the same time",
    run: (world) =>
      Effect.gen(function* () {
        const [a, b, c] = yield* three(world)
        const [node] = world.kafka.nodes
        if (node === undefined) return yield* Effect.die("there is no node")
        yield* Effect.all([does(node.kill), b.kill], { concurrency: "unbounded" })
        yield* timed(world, "SIGKILL of one of three and of a broker", [a, c])
        yield* a.stores(1000)
        yield* does(node.start)
        yield* b.start()
        yield* timed(world, "both are back", [a, b, c])
        yield* a.stores(1000)
      })
  }),
  {
    ...inGroup({
      name: "group-reshape",
      about: "streams come and go by file and SIGHUP in three processes",
      run: (world) =>
        Effect.gen(function* () {
          const settings = yield* following(world)
          const all = [world.connector, yield* world.another("b"), yield* world.another("c")]
          for (const one of all) yield* one.start(settings)
          yield* share(all, true)
          yield* world.connector.stores(1000)
          yield* reshape(world, all, "The settings change")
        })
    }),
    startsItself: true,
    simulator: { rate: 600, symbols: reshaped.symbols },
    streams: reshaped.streams,
    expect: reshaped.expect
  }
]
