/** What the program is asked for on its command line, and the help. */
import { createRequire } from "node:module"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { Console, Context, Data, Effect, Layer, Option, Schema } from "effect"
import { CliConfig, CliOutput, Command, GlobalFlag, type HelpDoc, TerminalCapabilities } from "effect/cli"
import { type Choice, Chosen, ExitCodes, type Exits } from "./Command.ts"
import { commands } from "./commands.ts"
import { launch } from "./commands/run.ts"
import { print } from "./print.ts"

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
  Command.withExamples([
    { command: NAME, description: "Run the connector" },
    { command: `${NAME} check`, description: "First see whether all is there that it needs" },
    { command: `${NAME} verify --help`, description: "What a command does, its flags, examples and exit codes" },
    { command: `${NAME} --completions bash >> ~/.bashrc`, description: "Let the shell complete commands and flags" }
  ]),
  Command.withSubcommands(commands)
)

const exitLines = (exits: Exits): ReadonlyArray<string> =>
  Object.entries(exits).map(([code, meaning]) => `  ${code.padEnd(5)}${meaning}`)

/** Help as Effect writes it, and the exit codes. */
const helpText = (doc: HelpDoc.HelpDoc, colors: boolean): string => {
  const exits = exitLines(Context.get(doc.annotations, ExitCodes))
  const title = colors ? "\u001b[1mEXIT CODES\u001b[0m" : "EXIT CODES"
  return [
    CliOutput.defaultFormatter({ colors }).formatHelpDoc(doc),
    ...(exits.length === 0 ? [] : ["", title, ...exits])
  ].join("\n")
}

/** A wrong usage is told in one line. */
const presenter: CliOutput.Presenter = {
  present: Effect.fnUntraced(function* (event) {
    switch (event._tag) {
      case "Help": {
        const { canColor } = yield* TerminalCapabilities.TerminalCapabilities
        return yield* Console.log(helpText(event.helpDoc, canColor))
      }
      case "InvalidInvocation": {
        const said = event.errors.map(({ message }) => message.replaceAll(/\s*\n\s*/g, " ")).join("; ")
        return yield* Console.error(`${NAME}: ${said} (--help lists what there is)`)
      }
      default:
        return yield* CliOutput.defaultPresenter.present(event)
    }
  })
}

const environment = (presenter: CliOutput.Presenter) =>
  Layer.mergeAll(
    NodeServices.layer,
    CliConfig.layer({ builtIns: [GlobalFlag.Help, GlobalFlag.Version, GlobalFlag.Completions] }),
    CliOutput.layerPresenter(presenter)
  )

const runWith = Effect.fnUntraced(function* (
  args: ReadonlyArray<string>,
  presenter: CliOutput.Presenter,
  choose: (choice: Choice) => void
) {
  const { version } = yield* readManifest
  const outer = yield* Console.Console
  const said: Array<string> = []
  yield* Command.runWith(program, { version })(args).pipe(
    Effect.provideService(Chosen, (choice) => Effect.sync(() => choose(choice))),
    // It would not hear of a stdout that cannot be written.
    Effect.provideService(Console.Console, { ...outer, log: (text: string) => said.push(text) }),
    Effect.mapError(() => new BadUsage()),
    Effect.provide(environment(presenter))
  )
  yield* print(said.join("\n"))
})

/** None: help, version or completions were asked for, and printed. */
export const parse = Effect.fnUntraced(function* (args: ReadonlyArray<string>) {
  let chosen = Option.none<Choice>()
  yield* runWith(args, presenter, (choice) => (chosen = Option.some(choice))).pipe(
    Effect.tapErrorTag("StdoutError", ({ message }) => Console.error(`${NAME}: ${message}`))
  )
  return chosen
})

/** The help of a command, or of the program, as it stands in the documents. */
export const helpOf = Effect.fnUntraced(function* (path: ReadonlyArray<string>) {
  let text = ""
  const present: CliOutput.Presenter["present"] = (event) =>
    Effect.sync(() => {
      if (event._tag === "Help") text = helpText(event.helpDoc, false)
    })
  yield* runWith([...path, "--help"], { present }, () => {})
  return text
})
