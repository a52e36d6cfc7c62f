/** The list of streams changes while everything runs: those that stay lose nothing, those that come begin whole. */
import { appendFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect } from "effect"
import type { Connector } from "../connector.ts"
import { type Scenario, streamsOf, until, type World } from "../scenario.ts"

const STAYING = ["BTCUSDT", "ETHUSDT", "BNBUSDT"]
const someSymbols = (letter: string, count: number) => Array.from({ length: count }, (_, n) => `${letter}${n}USDT`)
/** These come and go in turn. */
const EVEN = someSymbols("E", 25)
const ODD = someSymbols("O", 25)
/** These come late, and stay. */
const LATE = someSymbols("L", 10)

const kinds = ["trade", "aggTrade"]
const staying = [...streamsOf(["trade", "aggTrade", "kline_1s"], STAYING), "btcusdt@depth@100ms"]
/** In the end they are there again: what they missed while they were away is fetched. */
const even = streamsOf(kinds, EVEN)
const late = streamsOf(kinds, LATE)

const ROUNDS = 4

export const reshaped = {
  symbols: [...STAYING, ...EVEN, ...ODD, ...LATE],
  streams: [...staying, ...even, ...late],
  expect: { mayOpenGaps: true, claims: ["joined", "left"] }
}

/** What all the processes have in place of a list of their own. */
const fileOf = ({ dataDir }: World) => {
  const file = join(dataDir, "streams.txt")
  const write = (streams: ReadonlyArray<string>) => Effect.sync(() => writeFileSync(file, `${streams.join("\n")}\n`))
  return { file, write, spoil: Effect.sync(() => appendFileSync(file, "nosuchusdt@trade\n")) }
}

/**
 * Twenty-five out and twenty-five in, again and again; a bad list between; in the end the late ones. `done`: what each process
 * says of each change.
 */
export const reshape = Effect.fnUntraced(function* (world: World, all: ReadonlyArray<Connector>, done: string) {
  const { note } = world
  const { spoil, write } = fileOf(world)
  const [first] = all
  if (first === undefined) return
  let changes = 0
  const change = Effect.fnUntraced(function* (streams: ReadonlyArray<string>, how: "file" | "hangup") {
    const began = performance.now()
    yield* write(streams)
    if (how === "hangup") yield* Effect.forEach(all, ({ signal }) => signal("SIGHUP"), { discard: true })
    changes++
    const told = new RegExp(`(?:"${done}"[^]*?){${changes}}`)
    yield* Effect.forEach(all, ({ says }) => says(told), { concurrency: "unbounded", discard: true })
    note(`change ${changes} by ${how}: applied after ${((performance.now() - began) / 1000).toFixed(1)} s`)
    yield* first.stores(3000)
  })

  for (let round = 0; round < ROUNDS; round++) {
    yield* change([...staying, ...streamsOf(kinds, round % 2 === 0 ? ODD : EVEN)], round % 2 === 0 ? "file" : "hangup")
  }
  yield* spoil
  yield* Effect.forEach(all, ({ says }) => says(/A change is refused as a whole/), { discard: true })
  yield* first.stores(3000)
  yield* change([...staying, ...even, ...late], "file")
  yield* Effect.forEach(all, ({ says }) => says(/"reason":"SIGHUP"/), { discard: true })
  const { pushed } = world.simulator.ledger
  yield* until(() => late.every((stream) => pushed.has(stream)), "the late ones")
})

/** The first list is written: what makes a process follow the file. */
export const following = (world: World) => {
  const { file, write } = fileOf(world)
  return Effect.as(write([...staying, ...even]), { STREAMS_FILE: file, BINANCE_STREAMS: "" })
}

export const reshapes: ReadonlyArray<Scenario> = [
  {
    name: "reshape",
    about: "streams come and go by file and SIGHUP, thousands of messages a second",
    sabotages: ["record-dropped", "record-repeated"],
    simulator: { rate: 14_000, symbols: reshaped.symbols },
    streams: reshaped.streams,
    expect: reshaped.expect,
    startsItself: true,
    settleSeconds: 120,
    run: (world) =>
      Effect.gen(function* () {
        const { connector, note } = world
        yield* connector.start(yield* following(world))
        yield* connector.stores(5000)
        const frames = connector.metric("binance_kafka_frames_received_total")
        const [before, began] = [yield* frames, performance.now()]
        yield* reshape(world, [connector], "The streams have changed")
        const rate = ((yield* frames) - before) / ((performance.now() - began) / 1000)
        note(`${Math.round(rate)} messages a second`)
      })
  }
]
