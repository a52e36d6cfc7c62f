/** What the program is asked for on its command line. */
import { createRequire } from "node:module"
import { NodeServices } from "@effect/platform-node"
import { Console, Data, Effect, Layer, Option, Schema } from "effect"
import { CliConfig, CliOutput, Command, Flag, GlobalFlag } from "effect/cli"

export interface VerifyOptions {
  readonly json: boolean
  readonly quiet: boolean
  /** Empty: the data topics of the settings. */
  readonly topics: ReadonlyArray<string>
}

export type Choice =
  | { readonly command: "run" }
  | { readonly command: "verify"; readonly options: VerifyOptions }
  | { readonly command: "repair"; readonly dryRun: boolean }

/** No such command or flag; it has been said. */
export class BadUsage extends Data.TaggedError("BadUsage") {}

const NAME = "binance-kafka-connector"

const Manifest = Schema.Struct({ version: Schema.String })
const readManifest = Effect.suspend(() =>
  Schema.decodeUnknownEffect(Manifest)(createRequire(import.meta.url)("../../package.json"))
).pipe(Effect.orDie)

const json = Flag.Boolean("json").pipe(
  Flag.withDescription("Print the certificate, as JSON, instead of the table"),
  Flag.withDefault(false)
)
const quiet = Flag.Boolean("quiet").pipe(
  Flag.withDescription("Print the last line only, and no progress"),
  Flag.withDefault(false)
)
const from = Flag.Literals("from", ["earliest"]).pipe(
  Flag.withDescription("Where to begin: with the first record that a topic still holds"),
  Flag.withDefault("earliest")
)
const topics = Flag.String("topic").pipe(
  Flag.withDescription("A data topic by its full name, again for more; otherwise those of the settings that exist"),
  Flag.atLeast(0)
)
const dryRun = Flag.Boolean("dry-run").pipe(
  Flag.withDescription("Say what would be fetched, and write nothing"),
  Flag.withDefault(false)
)

const commandOf = (choose: (choice: Choice) => Effect.Effect<void>) => {
  const run = choose({ command: "run" })
  return Command.make(NAME, {}, () => run).pipe(
    Command.withDescription(
      "Streams Binance market data into Apache Kafka. Settings come from the environment and .env. Without a command: run"
    ),
    Command.withSubcommands([
      Command.make("run", {}, () => run).pipe(Command.withDescription("Run the connector")),
      Command.make("verify", { json, from, topics, quiet }, ({ json, quiet, topics }) =>
        choose({ command: "verify", options: { json, quiet, topics } })
      ).pipe(
        Command.withDescription(
          "Prove from the topics alone that nothing is missing, doubled or out of order. 0: proved, 1: not proved, 2: cannot say"
        )
      ),
      Command.make("repair", { dryRun }, ({ dryRun }) => choose({ command: "repair", dryRun })).pipe(
        Command.withDescription("Fill what verify finds missing from Binance's history, then verify again")
      )
    ])
  )
}

const presenter: CliOutput.Presenter = {
  present: (event) =>
    event._tag === "InvalidInvocation"
      ? Effect.forEach(
          event.errors,
          ({ message }) =>
            Console.error(`${NAME}: ${message.replaceAll(/\s*\n\s*/g, " ")} (--help lists what there is)`),
          { discard: true }
        )
      : CliOutput.defaultPresenter.present(event)
}

const Environment = Layer.mergeAll(
  NodeServices.layer,
  CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version] }),
  CliOutput.layerPresenter(presenter)
)

/** None: help or version was asked for, and printed. */
export const parse = Effect.fnUntraced(function* (args: ReadonlyArray<string>) {
  const { version } = yield* readManifest
  let chosen = Option.none<Choice>()
  const command = commandOf((choice) => Effect.sync(() => void (chosen = Option.some(choice))))
  yield* Command.runWith(command, { version })(args).pipe(
    Effect.mapError(() => new BadUsage()),
    Effect.provide(Environment)
  )
  return chosen
})
