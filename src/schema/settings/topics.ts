/** The variables of the topics: one for each stream kind in the registry, three for control records, and how to create them. */
import { streamKinds } from "../kinds/registry.ts"
import { flag, PREFIX_LENGTH, topic, topicPrefix, TOPIC_LENGTH, whole } from "./parsers.ts"
import { optional, variable } from "./Variable.ts"

const topicName = (name: string, fallback: string, doc: string) =>
  variable(
    {
      name,
      default: fallback,
      expected: `a topic name: 1 to ${TOPIC_LENGTH} of the characters a-z, A-Z, 0-9, dot, _ and -, not . or ..`,
      example: fallback,
      doc
    },
    topic
  )

export const topics = {
  prefix: variable(
    {
      name: "TOPIC_PREFIX",
      default: "",
      expected: `the beginning of a topic name: at most ${PREFIX_LENGTH} of the characters a-z, A-Z, 0-9, dot, _ and -`,
      example: "binance.",
      doc: "Put before the name of every topic"
    },
    topicPrefix
  ),
  create: variable(
    {
      name: "TOPIC_CREATE",
      default: "true",
      expected: "true or false",
      example: "false",
      doc: "Create topics that are missing; `false` for clusters where only an administrator may"
    },
    flag
  ),
  partitions: variable(
    {
      name: "TOPIC_PARTITIONS",
      default: "6",
      expected: "a whole number from 1 to 10000",
      example: "6",
      doc: "Of data topics that it creates; those that exist are never altered"
    },
    whole(1, 10_000)
  ),
  replicationFactor: optional(
    {
      name: "TOPIC_REPLICATION_FACTOR",
      expected: "a whole number from 1 to 1000",
      example: "3",
      doc: "Of topics that it creates; unset: the broker's default"
    },
    whole(1, 1000)
  ),
  deadLetter: topicName("TOPIC_DEAD_LETTER", "dead_letter", "Topic: what is no valid event, with the reason"),
  continuity: topicName("TOPIC_CONTINUITY", "continuity", "Topic: what is known about gaps"),
  positions: topicName("TOPIC_POSITIONS", "positions", "Topic: where each stream stands, for the next start; compacted")
} as const

/** By the name of the kind. */
export const dataTopics = new Map(
  streamKinds.map(({ example, name, title, topic }) => [
    name,
    topicName(topic.variable, topic.default, `Topic: ${title} (\`${example}\`)`)
  ])
)
