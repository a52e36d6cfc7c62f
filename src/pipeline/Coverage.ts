/** What the settings' streams need of the topics, beside what there is: only they know of a topic that is wanting. */
import type { Settings } from "../schema/Settings.ts"
import type { StreamKind } from "../schema/StreamKind.ts"
import type { StreamName } from "../schema/StreamName.ts"
import { kindsOf } from "../schema/StreamPattern.ts"
import type { SeriesReport } from "./Audit.ts"
import { namesOf } from "./namesOf.ts"

/** A data topic that streams go to and that cannot be looked at. */
export interface AbsentTopic {
  readonly topic: string
  /** Their names. */
  readonly streams: ReadonlyArray<string>
  /** It is not there, or nobody says whether it is. */
  readonly reason: string
}

/** What the settings name that goes to a topic: streams, and patterns as they are written. */
export const askedOf = ({ binance, topics }: Pick<Settings, "binance" | "topics">, topic: string) =>
  [
    ...binance.streams.map(({ kind, name }) => ({ kind, text: name })),
    ...binance.patterns.flatMap((pattern) => (pattern._tag === "Except" ? [] : [pattern]))
  ]
    .filter(({ kind }) => (topics.data.get(kind.name) ?? kind.topic.default) === topic)
    .map(({ text }) => text)

type Series = Pick<SeriesReport, "stream" | "symbol" | "topic">

/** The streams of the settings by the topic that they go to; which streams a pattern comes to is not told here. */
export const streamsByTopic = ({
  binance,
  topics
}: Pick<Settings, "binance" | "topics">): ReadonlyMap<string, ReadonlyArray<StreamName>> => {
  const topicOf = ({ name, topic }: StreamKind): string => topics.data.get(name) ?? topic.default
  return new Map([
    ...kindsOf(binance).map((kind): [string, ReadonlyArray<StreamName>] => [topicOf(kind), []]),
    ...Map.groupBy(binance.streams, ({ kind }) => topicOf(kind))
  ])
}

const isOf = (series: Series, topic: string, { suffix, symbol }: StreamName): boolean =>
  series.topic === topic && series.stream === suffix && (symbol === undefined || series.symbol === symbol)

/** A note for each topic that holds nothing of a stream: it may never have traded, and may be mistyped. */
export const unheard = (
  needs: ReadonlyMap<string, ReadonlyArray<StreamName>>,
  series: ReadonlyArray<Series>
): ReadonlyArray<string> =>
  Array.from(needs).flatMap(([topic, streams]) => {
    const without = streams.filter((stream) => !series.some((one) => isOf(one, topic, stream)))
    return without.length === 0 ? [] : [`${topic} holds not one record of ${namesOf(without)}`]
  })
