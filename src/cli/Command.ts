/**
 * One command of the program: its flags, what its help says, the layers it needs, what it does and how it ends. It is a file in
 * `commands/` and a line in `commands.ts`. What it needs is loaded only where it is chosen.
 */
import { Context, Effect, Layer } from "effect"
import { Command as Cli } from "effect/cli"

/** What every command may end with, beside its own; `layers/Launch` gives them. */
export const commonExits = {
  2: "wrong usage, a bad setting, or no answer; one line on stderr says which",
  130: "interrupted"
} as const

/** Of those whose regular end is to be stopped. */
const STOPPED_TWICE = { 130: "interrupted a second time, before it had ended" } as const

export type Exits = Readonly<Record<number, string>>

/** How a command may end; the help's last section. */
export const ExitCodes = Context.Reference<Exits>("binance-kafka/cli/ExitCodes", { defaultValue: () => ({}) })

/** What was asked for. */
export interface Choice {
  readonly name: string
  readonly options: unknown
  /** Runs it as the process. */
  readonly launch: () => Promise<void>
}

/** Takes down what was asked for: the command line is read whole before anything of it is done. */
export class Chosen extends Context.Service<Chosen, (choice: Choice) => Effect.Effect<void>>()(
  "binance-kafka/cli/Chosen"
) {}

interface About<Flags extends Cli.Command.Config> {
  readonly name: string
  /** Of the list of commands: a few words. */
  readonly summary: string
  /** Of its own help, one sentence or more; without it, the summary. */
  readonly description?: string
  /** What stands behind the name, and what that does. */
  readonly examples: ReadonlyArray<readonly [args: string, does: string]>
  /** Its own exit codes; what all commands may end with is added. */
  readonly exits: Exits
  readonly flags: Flags
}

/** A command as its file declares it. */
export interface Declaration<Flags extends Cli.Command.Config, Needs, E> extends About<Flags> {
  /** Layers, each by `load`. */
  readonly needs: Layer.Layer<Needs, E>
  /** Gives the exit code; a failure is said in one line, and 2. */
  readonly run: (options: Cli.Command.Config.Infer<Flags>) => Effect.Effect<number, unknown, Needs>
  /** To be stopped is its regular end, with 0. */
  readonly untilStopped?: boolean
}

/** A layer whose module is loaded where the layer is built. */
export const load = <A, E, R>(module: () => Promise<{ readonly layer: Layer.Layer<A, E, R> }>): Layer.Layer<A, E, R> =>
  Layer.unwrap(Effect.map(Effect.promise(module), ({ layer }) => layer))

/** The settings, and a log that heeds them. */
export const Foundation = load(() => import("../layers/Logging.ts")).pipe(
  Layer.provideMerge(load(() => import("../layers/AppConfig.ts")))
)

/** A command that is launched in a way of its own. */
export const launched = <const Flags extends Cli.Command.Config>(
  { description, examples, exits, flags, name, summary }: About<Flags>,
  launch: (options: Cli.Command.Config.Infer<Flags>) => Promise<void>
) =>
  Cli.make(name, flags, (options) =>
    Chosen.use((choose) => choose({ name, options, launch: () => launch(options) }))
  ).pipe(
    Cli.withDescription(description ?? summary),
    Cli.withShortDescription(summary),
    Cli.withExamples(({ commandPath }) =>
      examples.map(([args, does]) => ({ command: [...commandPath, args].join(" ").trimEnd(), description: does }))
    ),
    Cli.annotate(ExitCodes, exits)
  )

export const make = <const Flags extends Cli.Command.Config, Needs, E>({
  needs,
  run,
  untilStopped = false,
  ...about
}: Declaration<Flags, Needs, E>) =>
  launched(
    { ...about, exits: { ...about.exits, ...commonExits, ...(untilStopped ? STOPPED_TWICE : {}) } },
    async (options) => {
      const { command } = await import("../layers/Launch.ts")
      command(Effect.provide(run(options), needs), { untilStopped })
    }
  )
