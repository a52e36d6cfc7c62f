/** A program with a fault that `FAULT` names: `crash` throws in a callback, `hang` never comes to the end of its stop. */
import process from "node:process"
import { Effect } from "effect"
import * as Launch from "../../src/layers/Launch.ts"

const fault = process.env["FAULT"]
const say = (line: string) => Effect.sync(() => process.stderr.write(`${line}\n`))

Effect.gen(function* () {
  yield* Effect.addFinalizer(() => Effect.andThen(say("Draining"), fault === "hang" ? Effect.never : Effect.void))
  if (fault === "crash") {
    setImmediate(() => {
      throw new Error("a bug in a callback")
    })
  }
  yield* say("Running")
  return yield* Effect.never
}).pipe(Effect.scoped, Launch.logEnd, Launch.main)
