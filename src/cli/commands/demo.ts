import { Data, Effect, Layer } from "effect"
import { Flag } from "effect/cli"
import { type MarketName, marketNames } from "../../schema/StreamKind.ts"
import type { Proof } from "../../demo/Proof.ts"
import { make } from "../Command.ts"
import { positive } from "../flags.ts"
import { print } from "../print.ts"
import { provedLine } from "../report.ts"
import { table } from "../proofTable.ts"

const PROVED = 0
const NOT_PROVED = 1

const MOST_SECONDS = 86_400
const MOST_RATE = 1_000_000

class NothingArrived extends Data.TaggedError("NothingArrived")<{ readonly message: string }> {}

const show = ({ examples, rows, unreadable }: Proof) =>
  print(
    [
      table(rows),
      ...unreadable.map(({ reason, records, topic }) => `  ${topic}: ${records} records are unreadable: ${reason}`),
      "\nThree of the records:",
      ...examples.map(({ topic, value }) => `  ${topic}  ${new TextDecoder().decode(value)}`)
    ].join("\n")
  )

export const demo = make({
  name: "demo",
  summary: "See it at work, and the proof that nothing was lost",
  description: [
    "Starts a simulated Binance and the connector, stops the connector, reads back what it has stored, and proves from the",
    "ids, and by what the simulator says it has sent, that nothing is missing, twice or out of order. It needs neither",
    "Kafka nor a network; its files are in data/demo."
  ].join("\n  "),
  examples: [
    ["", "The simulator into the local log"],
    ["--kafka", "Into the Kafka of the settings, in topics of its own"],
    ["--market usdm", "USD-M futures"],
    ["--live --seconds 60", "A minute of the real Binance"]
  ],
  exits: { 0: "proved", 1: "not proved" },
  flags: {
    market: Flag.Literals("market", marketNames).pipe(
      Flag.withDescription("Which of the exchange's markets: spot or usdm; spot if not said"),
      Flag.withDefault<MarketName>("spot")
    ),
    live: Flag.Boolean("live").pipe(
      Flag.withDescription("The real Binance instead of the simulator on this machine"),
      Flag.withDefault(false)
    ),
    kafka: Flag.Boolean("kafka").pipe(
      Flag.withDescription("The Kafka of KAFKA_BOOTSTRAP_SERVERS (localhost:9092) instead of the local log"),
      Flag.withDefault(false)
    ),
    seconds: positive("seconds", MOST_SECONDS).pipe(
      Flag.withDescription("How long data is taken; 15 if not said"),
      Flag.withDefault(15)
    ),
    rate: positive("rate", MOST_RATE).pipe(
      Flag.withDescription("Trades a second of the simulator; 300 if not said"),
      Flag.withDefault(300)
    )
  },
  needs: Layer.empty,
  run: Effect.fn("demo")(function* (options) {
    const { demo } = yield* Effect.promise(() => import("../../demo/Demo.ts"))
    const { hint, lastLines, proof } = yield* demo(options)
    if (proof.rows.length === 0) {
      return yield* new NothingArrived({ message: `NOT PROVED: nothing arrived. The log says:\n${lastLines}` })
    }
    yield* show(proof)
    yield* print(`\nAsk it yourself:\n  ${hint}\n`)
    yield* print(proof.holds ? provedLine(proof.rows) : "NOT PROVED: the table above says what is wrong.")
    return proof.holds ? PROVED : NOT_PROVED
  }, Effect.scoped)
})
