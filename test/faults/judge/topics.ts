/** The topics of a run, and the reading of them. */
import { client, type Isolation, scanTopic, type StoredRecord } from "../../support/kafka/records.ts"

/** Visits the records of a topic; a sabotage may show other ones than there are. */
export type Scan = (topic: string, visit: (record: StoredRecord) => void) => Promise<void>

const topicOf: Readonly<Record<string, string>> = {
  trade: "raw_trades",
  aggTrade: "raw_agg_trades",
  kline: "raw_klines",
  bookTicker: "raw_book_tickers",
  depth: "raw_depth",
  miniTicker: "raw_mini_tickers"
}

export const dataTopic = (stream: string): string => {
  const suffix = stream.slice(stream.indexOf("@") + 1)
  const kind = /^(kline|depth)/.exec(suffix)?.[0] ?? (suffix === "arr" ? "miniTicker" : suffix)
  const topic = topicOf[kind]
  if (topic === undefined) throw new Error(`${stream}: the judge does not know its topic`)
  return topic
}

/** Which of the topics there are. */
export const existing = async (bootstrap: string, topics: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const admin = client(bootstrap).admin()
  await admin.connect()
  try {
    const all = new Set(await admin.listTopics())
    return topics.filter((topic) => all.has(topic))
  } finally {
    await admin.disconnect()
  }
}

export const scan =
  (bootstrap: string, isolation: Isolation = "read_committed"): Scan =>
  async (topic, visit) => {
    const [found] = await existing(bootstrap, [topic])
    if (found !== undefined) await scanTopic(bootstrap, topic, visit, {}, isolation)
  }

/** Whether the topic holds a closed candle of each of these streams. */
export const holdsCandles = async (scan: Scan, prefix: string, streams: ReadonlyArray<string>): Promise<boolean> => {
  const left = new Set(streams)
  if (left.size === 0) return true
  await scan(`${prefix}${topicOf["kline"]}`, ({ headers, value }) => {
    const [, , suffix = "", symbol = ""] = headers["event-id"]?.split(":") ?? []
    if (value.includes('"x":true')) left.delete(`${symbol.toLowerCase()}@${suffix}`)
  })
  return left.size === 0
}
