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

/** Those that the configured streams go to, and the control topics. */
export const configuredTopics = ({ binance, topics }: Pick<Settings, "binance" | "topics">): ReadonlySet<string> =>
  new Set([
    ...kindsOf(binance).map(({ name, topic }) => topics.data.get(name) ?? topic.default),
    ...controlTopics(topics)
  ])

export const wishFor = (name: string, topics: TopicSettings): NewTopic => ({
  name,
  // Control records are read as one sequence.
  partitions: controlTopics(topics).includes(name) ? 1 : topics.partitions,
  replicationFactor: Option.getOrUndefined(topics.replicationFactor),
  ...(name === topics.positions ? { config: COMPACTED } : {})
})
