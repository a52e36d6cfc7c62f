/**
 * `npm run soak -- --minutes 30 --seed 7`: every fault, one after the other and some at once, in an order that the seed gives, with
 * connections that are replaced every minute; memory and descriptors are watched, and the same judgement is passed at the end.
 */
import process from "node:process"
import { parseArgs } from "node:util"
import { Effect, Predicate, Scope } from "effect"
import { drop, duplicate, type Faults } from "../../src/simulator/Faults.ts"
import { hostileFrames } from "../support/hostile.ts"
import { type Acks, execute } from "./execute.ts"
import { startOne } from "./kafka.ts"
import { head, row } from "./report.ts"
import { does, pause, type Scenario, type World } from "./scenario.ts"
import { only } from "./scenarios/kafka.ts"

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "30" },
    seed: { type: "string", default: "7" },
    acks: { type: "string", default: "all" },
    rate: { type: "string", default: "600" }
  }
})
const minutes = Number(values.minutes)
const seed = Number(values.seed)
const rate = Number(values.rate)
const acks: Acks = values.acks === "1" ? "1" : "all"

const say = (text: string) => process.stdout.write(`${text}\n`)

type Fault = (world: World) => Effect.Effect<void>

/** What the exchange does until it does something else. */
const bad =
  (faults: (world: World) => Faults, millis: number): Fault =>
  (world) =>
    Effect.gen(function* () {
      world.simulator.setFaults(faults(world))
      yield* pause(millis)
      world.simulator.setFaults({})
    })

const between = ({ random }: World, low: number, high: number): number => low + Math.floor(random() * (high - low))

const makeFaults = (restart: (world: World) => Effect.Effect<void>): Readonly<Record<string, Fault>> => ({
  "cut of all": ({ simulator }) => Effect.sync(() => simulator.cutAll("terminate")),
  "close 1001": ({ simulator }) => Effect.sync(() => simulator.cutAll({ code: 1001, reason: "going away" })),
  "half-open sockets": ({ simulator }) => Effect.sync(() => simulator.freezeAll()),
  "shutdown notice": ({ simulator }) => Effect.sync(() => simulator.shutdownNotice()),
  "frames lost": bad(({ random }) => ({ onFrame: () => (random() < 0.1 ? drop : undefined) }), 4000),
  "everything lost": bad(() => ({ onFrame: () => drop }), 2000),
  "frames doubled": bad(
    ({ random }) => ({ onFrame: (frame) => (random() < 0.2 ? duplicate(frame) : undefined) }),
    4000
  ),
  "connections refused": (world) =>
    Effect.gen(function* () {
      world.simulator.setFaults({ onUpgrade: () => ({ refuse: { status: 503 } }) })
      world.simulator.cutAll("terminate")
      yield* pause(3000)
      world.simulator.setFaults({})
    }),
  "history down, frames lost": bad(
    ({ random }) => ({
      onFrame: () => (random() < 0.05 ? drop : undefined),
      onRest: () => (random() < 0.7 ? { answer: { status: 503 } } : { lagMillis: 1500 })
    }),
    6000
  ),
  "a mute stream": ({ simulator }) =>
    Effect.gen(function* () {
      simulator.mute("btcusdt@trade")
      yield* pause(8000)
      simulator.unmute("btcusdt@trade")
    }),
  garbage: bad((world) => {
    const hostile = hostileFrames(between(world, 0, 1e9))
    return {
      onFrame: (frame) => (world.random() < 0.1 ? { replaceWith: [hostile.next(), frame.payload] } : undefined)
    }
  }, 3000),
  "Kafka killed": (world) =>
    Effect.gen(function* () {
      const node = only(world)
      yield* does(node.kill)
      yield* pause(between(world, 500, 20_000))
      yield* does(node.start)
    }),
  "Kafka frozen": (world) =>
    Effect.gen(function* () {
      const node = only(world)
      node.pause()
      yield* pause(between(world, 1000, 15_000))
      node.resume()
    }),
  "answers lost": ({ kafka: { proxy } }) =>
    Effect.gen(function* () {
      if (proxy === undefined) return
      proxy.answers = "lose"
      yield* pause(1000)
      proxy.answers = "pass"
    }),
  "answers slow": ({ kafka: { proxy } }) =>
    Effect.gen(function* () {
      if (proxy === undefined) return
      proxy.delayMillis = 700
      yield* pause(6000)
      proxy.delayMillis = 0
    }),
  "connector killed": (world) => Effect.andThen(world.connector.kill, restart(world)),
  "connector stopped": (world) => Effect.andThen(Effect.ignore(world.connector.stop), restart(world))
})

const soak: Scenario = {
  name: `soak-${minutes}m`,
  about: "everything",
  sabotages: [],
  simulator: { rate, keepTrades: Math.ceil(rate * 60 * (minutes + 30)), keepCandles: 10_000 },
  settings: { ROLLOVER_HOURS: "0.0167", SILENCE_TIMEOUT_SECONDS: "5", STREAM_STALE_SECONDS: "5" },
  // Killed while Kafka is away, it cannot know where it stood: live goes on, and what lies between follows late.
  expect: { claims: ["rollover", "stale"], mayOpenGaps: true, deadLetters: () => true },
  settleSeconds: 300,
  run: (world) =>
    Effect.gen(function* () {
      const scope = yield* Effect.scope
      const restart = ({ connector }: World) => Effect.provideService(connector.start(), Scope.Scope, scope)
      const faults = Object.entries(makeFaults(restart))
      const rss: Array<number> = []
      const descriptors: Array<number> = []
      yield* Effect.gen(function* () {
        yield* pause(1000)
        const usage = world.connector.usage()
        if (usage === undefined) return
        rss.push(usage.rssMegabytes)
        descriptors.push(usage.descriptors)
      }).pipe(Effect.forever, Effect.forkScoped)
      const end = performance.now() + minutes * 60_000
      const count = new Map<string, number>()
      while (performance.now() < end) {
        const chosen = Array.from(
          { length: world.random() < 0.3 ? 2 : 1 },
          () => faults[between(world, 0, faults.length)]
        )
        const [one, other] = chosen
        // One of them may change the connector or Kafka, two of a kind would undo each other.
        const together = [one, ...(other !== undefined && partOf(other[0]) !== partOf(one?.[0]) ? [other] : [])]
        for (const [name] of together.filter(Predicate.isNotUndefined)) count.set(name, (count.get(name) ?? 0) + 1)
        yield* Effect.forEach(together.filter(Predicate.isNotUndefined), ([, fault]) => fault(world), {
          concurrency: 2,
          discard: true
        })
        yield* pause(between(world, 500, 4000))
      }
      world.note([...count].map(([name, times]) => `${name} ${times}×`).join(", "))
      world.note(`most of each tenth: RSS ${shown(rss)} MB; descriptors ${shown(descriptors)}`)
    })
}

/** The most of each tenth of the time. */
const shown = (samples: ReadonlyArray<number>): string =>
  Array.from({ length: 10 }, (_, tenth) => {
    const [from, to] = [tenth, tenth + 1].map((n) => Math.floor((n * samples.length) / 10))
    return Math.max(0, ...samples.slice(from, to))
  }).join(" ")

const partOf = (name = ""): string =>
  name.startsWith("connector") ? "connector" : /^(Kafka|answers)/.test(name) ? "kafka" : "exchange"

/** Ctrl-C: what was started ends in order. */
const stopping = new AbortController()
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stopping.abort())

say(head)
const kafka = await startOne()
try {
  const outcome = await Effect.runPromise(execute(soak, { acks, kafka, seed, size: "full", sabotage: undefined }), {
    signal: stopping.signal
  })
  say(row(outcome))
  process.exitCode = outcome.faults.length === 0 ? 0 : 1
} finally {
  await kafka.remove()
}
process.exit()
