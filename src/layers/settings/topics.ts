/** The topics' full names, and what holds among them: control topics share no name with another. */
import type { Market } from "../../schema/Market.ts"
import type { TopicSettings } from "../../schema/Settings.ts"
import { INTERNAL, INTERNAL_ONLY, TOPIC_LENGTH } from "../../schema/settings/parsers.ts"
import type { Reading } from "./Reading.ts"
import { controlTopicsOf, dataTopicsOf, topics } from "../../schema/settings/topics.ts"
import type { Variable } from "../../schema/settings/Variable.ts"

export const topicSettings = (read: Reading, market: Market): TopicSettings => {
  const dataTopics = dataTopicsOf(market)
  const controls = controlTopicsOf(market)
  const prefix = read.get(topics.prefix)
  const full = (variable: Variable<string>): string => {
    const topic = `${prefix}${read.get(variable)}`
    if (topic.length > TOPIC_LENGTH) {
      read.refuse(variable, { because: `with TOPIC_PREFIX it has ${topic.length} characters` })
    } else if (topic.startsWith(INTERNAL) && !read.faultOf(variable)) {
      read.refuse(variable, { because: `with TOPIC_PREFIX it is ${topic}: ${INTERNAL_ONLY}` })
    } else if (topic === "..") read.refuse(variable, { because: "with TOPIC_PREFIX it is .." })
    return topic
  }
  const data = new Map([...dataTopics].map(([kind, variable]) => [kind, full(variable)]))
  const deadLetter = full(controls.deadLetter)
  const continuity = full(controls.continuity)
  const positions = full(controls.positions)

  const taken = new Map([...dataTopics].map(([kind, variable]) => [data.get(kind), variable.name]))
  for (const [variable, topic] of [
    [controls.deadLetter, deadLetter],
    [controls.continuity, continuity],
    [controls.positions, positions]
  ] as const) {
    const other = taken.get(topic)
    if (other !== undefined) read.clash(variable, other)
    taken.set(topic, variable.name)
  }
  return {
    data,
    deadLetter,
    continuity,
    positions,
    create: read.get(topics.create),
    partitions: read.get(topics.partitions),
    replicationFactor: read.get(topics.replicationFactor)
  }
}
