/** The commands, in the order of the help. */
import { check } from "./commands/check.ts"
import { config } from "./commands/config.ts"
import { demo } from "./commands/demo.ts"
import { record } from "./commands/record.ts"
import { repair } from "./commands/repair.ts"
import { replay } from "./commands/replay.ts"
import { run } from "./commands/run.ts"
import { simulate } from "./commands/simulate.ts"
import { status } from "./commands/status.ts"
import { streams } from "./commands/streams.ts"
import { tail } from "./commands/tail.ts"
import { verify } from "./commands/verify.ts"

export const commands = [run, demo, check, config, status, streams, tail, record, replay, simulate, verify, repair]
