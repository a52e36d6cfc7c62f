/** The topics of the settings, and how each would be created. */
import { Option } from "effect"
import type { Settings, TopicSettings } from "../../schema/Settings.ts"
import { kindsOf } from "../../schema/StreamPattern.ts"
import type { NewTopic } from "../../services/KafkaDriver.ts"

/** Only the last position of a stream counts; a small segment is soon one that may be compacted. */
const COMPACTED = {
  "cleanup.policy": "compact",
  "segment.bytes": String(4 * 1024 * 1024),
  "segment.ms": String(10 * 60 * 1000),
  "min.cleanable.dirty.ratio": "0.1"
}

const controlTopics = ({ continuity, deadLetter, positions }: TopicSettings) => [deadLetter, continuity, positions]

type Wanted = Pick<Settings, "binance" | "group" | "topics">

/** Those that the configured streams go to, and the control topics. */
export const configuredTopics = ({ binance, group, topics }: Wanted): ReadonlySet<string> =>
  new Set([
    ...kindsOf(binance).map(({ name, topic }) => topics.data.get(name) ?? topic.default),
    ...controlTopics(topics),
    ...(Option.isSome(group) ? [topics.shards] : [])
  ])

const partitionsOf = (name: string, { group, topics }: Pick<Wanted, "group" | "topics">): number => {
  // Control records are read as one sequence.
  if (controlTopics(topics).includes(name)) return 1
  return name === topics.shards && Option.isSome(group) ? group.value.shards : topics.partitions
}

export const wishFor = (name: string, settings: Pick<Wanted, "group" | "topics">): NewTopic => ({
  name,
  partitions: partitionsOf(name, settings),
  replicationFactor: Option.getOrUndefined(settings.topics.replicationFactor),
  ...(name === settings.topics.positions || name === settings.topics.shards ? { config: COMPACTED } : {})
})
