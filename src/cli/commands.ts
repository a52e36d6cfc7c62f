/** The commands, in the order of the help. */
import { repair } from "./commands/repair.ts"
import { run } from "./commands/run.ts"
import { verify } from "./commands/verify.ts"

export const commands = [run, verify, repair]
