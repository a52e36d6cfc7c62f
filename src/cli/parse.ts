/** What the program is asked for on its command line, and the help. */
import { createRequire } from "node:module"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Context, Data, Effect, Layer, Option, Schema } from "effect"
import { CliConfig, CliOutput, Command, GlobalFlag, TerminalCapabilities } from "effect/cli"
import { type Choice, Chosen, ExitCodes, type Exits } from "./Command.ts"
import { commands } from "./commands.ts"
import { launch } from "./commands/run.ts"

/** No such command or flag; it has been said. */
export class BadUsage extends Data.TaggedError("BadUsage") {}

const NAME = "binance-kafka-connector"

const Manifest = Schema.Struct({ version: Schema.String })
const readManifest = Effect.suspend(() =>
  Schema.decodeUnknownEffect(Manifest)(createRequire(import.meta.url)("../../package.json"))
).pipe(Effect.orDie)

const program = Command.make(NAME, {}, () => Chosen.use((choose) => choose({ name: "run", options: {}, launch }))).pipe(
  Command.withDescription(
    "Streams Binance market data into Apache Kafka. Settings come from the environment and .env. Without a command: run"
  ),
  Command.withSubcommands(commands)
)

const exitLines = (exits: Exits, bold: (text: string) => string): string =>
  [bold("EXIT CODES"), ...Object.entries(exits).map(([code, meaning]) => `  ${code.padEnd(5)}${meaning}`)].join("\n")

/** Help as Effect prints it and the exit codes; a wrong usage in one line. */
const presenter: CliOutput.Presenter = {
  present: Effect.fnUntraced(function* (event) {
    if (event._tag === "InvalidInvocation") {
      const said = event.errors.map(({ message }) => message.replaceAll(/\s*\n\s*/g, " ")).join("; ")
      return yield* Console.error(`${NAME}: ${said} (--help lists what there is)`)
    }
    yield* CliOutput.defaultPresenter.present(event)
    if (event._tag !== "Help") return
    const exits = Context.get(event.helpDoc.annotations, ExitCodes)
    const { canColor } = yield* TerminalCapabilities.TerminalCapabilities
    if (Object.keys(exits).length > 0) {
      yield* Console.log(`\n${exitLines(exits, (text) => (canColor ? `\u001b[1m${text}\u001b[0m` : text))}`)
    }
  })
}

const Environment = Layer.mergeAll(
  NodeServices.layer,
  CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] }),
  CliOutput.layerPresenter(presenter)
)

/** None: help, version or completions were asked for, and printed. */
export const parse = Effect.fnUntraced(function* (args: ReadonlyArray<string>) {
  const { version } = yield* readManifest
  let chosen = Option.none<Choice>()
  yield* Command.runWith(program, { version })(args).pipe(
    Effect.provideService(Chosen, (choice) => Effect.sync(() => void (chosen = Option.some(choice)))),
    Effect.mapError(() => new BadUsage()),
    Effect.provide(Environment)
  )
  return chosen
})
