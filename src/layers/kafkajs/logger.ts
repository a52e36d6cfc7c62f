/** kafkajs's log lines as ours. What it calls an error comes back to the driver as one, and is judged there. */
import { Effect } from "effect"
import kafkajs from "kafkajs"
import { createLogger } from "kafkajs/src/loggers/index.js"

const { logLevel } = kafkajs

export const make = Effect.map(Effect.context<never>(), (context) => {
  const run = Effect.runForkWith(context)
  return createLogger({
    level: logLevel.WARN,
    logCreator:
      () =>
      ({ level, log: { error: reason, message, timestamp: _, ...details }, namespace }) => {
        const line = level === logLevel.WARN ? Effect.logWarning(message) : Effect.logDebug(message)
        run(line.pipe(Effect.annotateLogs({ ...details, reason, logger: `kafkajs/${namespace}` })))
      }
  })
})
