/** Every variable that the program knows, in the order of the documents. */
import type { Market } from "../Market.ts"
import { binance } from "./binance.ts"
import { exchangeOf } from "./exchange.ts"
import { gaps } from "./gaps.ts"
import { kafka } from "./kafka.ts"
import { program } from "./program.ts"
import { controlTopicsOf, dataTopicsOf, marketTopics, topics } from "./topics.ts"
import type { Variable } from "./Variable.ts"

export interface Group {
  readonly title: string
  readonly variables: ReadonlyArray<Variable<unknown>>
}

export const groups: ReadonlyArray<Group> = [
  { title: "Binance", variables: Object.values(binance) },
  { title: "Gaps", variables: Object.values(gaps) },
  { title: "Kafka", variables: Object.values(kafka) },
  { title: "Topics", variables: [...Object.values(topics), ...marketTopics] },
  { title: "Program", variables: Object.values(program) }
]

export const variables: ReadonlyArray<Variable<unknown>> = groups.flatMap((group) => group.variables)

/** Those that each market has its own default of. */
export const ofMarket = (market: Market): ReadonlyArray<Variable<unknown>> => [
  ...Object.values(exchangeOf(market)),
  ...Object.values(controlTopicsOf(market)),
  ...dataTopicsOf(market).values()
]
