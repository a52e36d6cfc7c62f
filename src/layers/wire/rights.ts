/** What an account may do with a topic, as the broker says it. */
import type { TopicRight } from "../../services/KafkaInspector.ts"

/** By the numbers that ACLs have for them. */
const OPERATIONS: ReadonlyArray<readonly [number: number, right: TopicRight]> = [
  [3, "Read"],
  [4, "Write"],
  [5, "Create"],
  [8, "Describe"],
  [10, "DescribeConfigs"]
]

/** What the broker sends where it does not say. */
const UNSAID = -(2 ** 31)

export const rightsOf = (operations: number | undefined): ReadonlySet<TopicRight> | undefined =>
  operations === undefined || operations === UNSAID
    ? undefined
    : new Set(OPERATIONS.filter(([number]) => (operations & (1 << number)) !== 0).map(([, right]) => right))
