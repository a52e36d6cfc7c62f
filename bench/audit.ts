/** Reads a run's topics whole and judges them. */
import { type Kind, streamName } from "./generator/streams.ts"
import { topicOf } from "./kafka/layout.ts"
import { numberOf, symbolOf } from "./kafka/events.ts"
import * as Reader from "./kafka/Reader.ts"
import type { Topics } from "./kafka/Topics.ts"
import * as Ledger from "./Ledger.ts"

export const audit = async (
  bootstrap: string,
  topics: Topics,
  prefix: string,
  sent: ReadonlyArray<Ledger.Sent & { readonly kind: Kind }>
): Promise<Ledger.Verdict> => {
  const ledger = Ledger.make(sent)
  for (const kind of new Set(sent.map(({ kind }) => kind))) {
    const topic = prefix + topicOf[kind]
    const ends = await topics.ends(topic)
    const positions = ends.map((_, partition) => ({ topic, partition, next: 0 }))
    const names = new Map<string, string>()
    const streamOf = (symbol: string) => {
      const known = names.get(symbol) ?? streamName(symbol, kind)
      names.set(symbol, known)
      return known
    }
    const reader = await Reader.open(bootstrap, positions)
    try {
      while (positions.some(({ next, partition }) => next < (ends[partition] ?? 0))) {
        await reader.poll(
          () => (records, valueAt) => ledger.see(streamOf(symbolOf(records, valueAt)), numberOf(records, valueAt))
        )
      }
    } finally {
      reader.close()
    }
  }
  return ledger.verdict()
}
