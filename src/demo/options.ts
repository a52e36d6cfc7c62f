/** What the demo is asked for on its command line. */
import { parseArgs } from "node:util"
import { Data, Effect } from "effect"

export interface DemoOptions {
  /** The real Binance instead of the simulator. */
  readonly live: boolean
  /** The Kafka of `KAFKA_BOOTSTRAP_SERVERS` instead of the local log. */
  readonly kafka: boolean
  readonly seconds: number
  /** Trades per second of the simulator. */
  readonly rate: number
}

export const USAGE = `npm run demo [-- --live] [-- --kafka] [-- --seconds 15] [-- --rate 300]

  --live      the real Binance instead of the simulator on this machine
  --kafka     the Kafka of KAFKA_BOOTSTRAP_SERVERS (localhost:9092) instead of the local log
  --seconds   how long data is taken, 15 unless said otherwise
  --rate      trades per second of the simulator, 300 unless said otherwise`

export class BadArguments extends Data.TaggedError("BadArguments")<{ readonly message: string }> {}

const positive = (name: string, text: string | undefined, fallback: number) => {
  const value = text === undefined ? fallback : Number(text)
  return Number.isFinite(value) && value > 0
    ? Effect.succeed(value)
    : Effect.fail(new BadArguments({ message: `--${name} takes a number above 0, not ${text}` }))
}

export const parse = (args: ReadonlyArray<string>): Effect.Effect<DemoOptions, BadArguments> =>
  Effect.gen(function* () {
    const { values } = yield* Effect.try({
      try: () =>
        parseArgs({
          args: [...args],
          options: {
            live: { type: "boolean", default: false },
            kafka: { type: "boolean", default: false },
            seconds: { type: "string" },
            rate: { type: "string" }
          }
        }),
      catch: (error) => new BadArguments({ message: error instanceof Error ? error.message : String(error) })
    })
    return {
      live: values.live,
      kafka: values.kafka,
      seconds: yield* positive("seconds", values.seconds, 15),
      rate: yield* positive("rate", values.rate, 300)
    }
  })
