/**
 * The commands, over the same layers as the program; loaded only where there are arguments. Exit codes of `verify` and
 * `repair`: 0 proved, 1 not proved, 2 wrong usage, or it could not be read.
 */
import { Effect, Layer, Option } from "effect"
import { type Choice, parse } from "./cli/arguments.ts"
import * as commands from "./cli/commands.ts"
import * as AppConfig from "./layers/AppConfig.ts"
import * as BinanceHistory from "./layers/BinanceHistory.ts"
import * as HealthState from "./layers/HealthState.ts"
import * as Launch from "./layers/Launch.ts"
import * as Logging from "./layers/Logging.ts"
import * as Sinks from "./layers/Sinks.ts"
import * as TopicReaders from "./layers/TopicReaders.ts"

const WRONG_USAGE = 2

const Foundation = Logging.layer.pipe(Layer.provideMerge(AppConfig.layer))

/** What repairs: the exchange's history, and the sink that the connector itself writes to. */
const Workshop = Layer.mergeAll(TopicReaders.layer, Sinks.layer, BinanceHistory.layer).pipe(
  Layer.provide(HealthState.layer)
)

const commandOf = (choice: Exclude<Choice, { readonly command: "run" }>) =>
  choice.command === "verify"
    ? Effect.provide(commands.verify(choice.options), TopicReaders.layer)
    : Effect.provide(commands.repair(choice.dryRun), Workshop)

/** `connector`: what `run` runs. */
export const main = (args: ReadonlyArray<string>, connector: Effect.Effect<void, unknown>): Promise<void> =>
  parse(args).pipe(
    Effect.match({
      onFailure: () => Launch.command(Effect.succeed(WRONG_USAGE)),
      onSuccess: Option.match({
        onNone: () => Launch.command(Effect.succeed(0)),
        onSome: (choice) =>
          choice.command === "run"
            ? Launch.main(connector)
            : Launch.command(Effect.provide(commandOf(choice), Foundation))
      })
    }),
    Effect.runPromise
  )
