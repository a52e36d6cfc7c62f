/** Every variable that the program knows, in the order of the documents. */
import { binance } from "./binance.ts"
import { gaps } from "./gaps.ts"
import { kafka } from "./kafka.ts"
import { program } from "./program.ts"
import { dataTopics, topics } from "./topics.ts"
import type { Variable } from "./Variable.ts"

export interface Group {
  readonly title: string
  readonly variables: ReadonlyArray<Variable<unknown>>
}

export const groups: ReadonlyArray<Group> = [
  { title: "Binance", variables: Object.values(binance) },
  { title: "Gaps", variables: Object.values(gaps) },
  { title: "Kafka", variables: Object.values(kafka) },
  { title: "Topics", variables: [...Object.values(topics), ...dataTopics.values()] },
  { title: "Program", variables: Object.values(program) }
]

export const variables: ReadonlyArray<Variable<unknown>> = groups.flatMap((group) => group.variables)
