/** The command line: what it asks for is read whole, then done. Loaded only where there is one beside `run`. */
import process from "node:process"
import "effect/schema/SchemaJITCompiler/enable"
import { Effect, Option, Result } from "effect"
import { parse } from "./cli/parse.ts"

/** It has been said why. */
const NOT_DONE = 2

export const main = async (args: ReadonlyArray<string>): Promise<void> => {
  const parsed = await Effect.runPromise(Effect.result(parse(args)))
  if (Result.isFailure(parsed)) process.exitCode = NOT_DONE
  else if (Option.isSome(parsed.success)) await parsed.success.value.launch()
}
