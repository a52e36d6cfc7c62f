/** The variables of the topics: one for each stream kind, three for control records; each market has its own, and how to create them. */
import { type Market, markets } from "../Market.ts"
import type { MarketName, StreamKind } from "../StreamKind.ts"
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
  )
} as const

/** Streams of two markets may have the same name: each market says what it knows of them in topics of its own. */
const controls: Readonly<Record<MarketName, string>> = { spot: "", usdm: "usdm_" }

export const controlTopicsOf = ({ name }: Market) => {
  const control = (variable: string, topic: string, doc: string) =>
    topicName(variable, `${controls[name]}${topic}`, `Topic: ${doc}`)
  return {
    deadLetter: control("TOPIC_DEAD_LETTER", "dead_letter", "what is no valid event, with the reason"),
    continuity: control("TOPIC_CONTINUITY", "continuity", "what is known about gaps"),
    positions: control("TOPIC_POSITIONS", "positions", "where each stream stands, for the next start; compacted")
  } as const
}

const dataTopic = ({ example, title, topic }: StreamKind) =>
  topicName(topic.variable, topic.default, `Topic: ${title} (\`${example}\`)`)

/** By the name of the kind. */
export const dataTopicsOf = ({ kinds }: Market) => new Map(kinds.map((kind) => [kind.name, dataTopic(kind)]))

const isOnlyUsdm = ({ topic: { variable } }: StreamKind): boolean =>
  !markets.spot.kinds.some(({ topic }) => topic.variable === variable)

/** Each once, as spot has it, or the only market that has it. */
export const marketTopics = [
  ...Object.values(controlTopicsOf(markets.spot)),
  ...dataTopicsOf(markets.spot).values(),
  ...markets.usdm.kinds.filter(isOnlyUsdm).map(dataTopic)
]
