/** The variables by which several processes share the streams. */
import { seconds, text, whole } from "./parsers.ts"
import { optional, variable } from "./Variable.ts"

export const group = {
  id: optional(
    {
      name: "GROUP_ID",
      expected: "the name of a consumer group",
      example: "binance-connector",
      doc: "Processes with the same one share the streams, and take over from each other; unset: this process has all of them"
    },
    text
  ),
  shards: variable(
    {
      name: "SHARDS",
      default: "12",
      expected: "a whole number from 1 to 1000",
      example: "12",
      doc: "Into so many parts the streams are divided, by symbol; the same for all processes of a group, and no fewer than there are processes"
    },
    whole(1, 1000)
  ),
  session: variable(
    {
      name: "GROUP_SESSION_SECONDS",
      default: "10",
      expected: "a number of seconds above 0, at most 86400",
      example: "10",
      doc: "A process that is silent for so long is taken for gone, and the others take over; brokers allow no less than 6 by default"
    },
    seconds
  )
} as const
