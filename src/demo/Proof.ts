/**
 * The proof: what the log holds, judged by its own ids, and held against what the simulator says it has sent, trade by trade
 * and byte for byte.
 */
import { Effect, Stream } from "effect"
import * as Audit from "../pipeline/Audit.ts"
import { memberText } from "../pipeline/jsonSlice.ts"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import type { Ledger } from "../simulator/Ledger.ts"

/** The account of whoever sent the frames. */
export type Account = Pick<Ledger, "pushed" | "tradePayload">

/** Reads a topic from its beginning to its end. */
export type ReadTopic<E> = (topic: string) => Stream.Stream<SinkRecord, E>

/** One series of the log beside the simulator's account of it. */
export interface ProofRow extends Audit.SeriesReport {
  /** How the log differs from what was sent; `undefined` where there is no account. */
  readonly differences: ReadonlyArray<string> | undefined
}

export interface Proof {
  readonly rows: ReadonlyArray<ProofRow>
  readonly unreadable: ReadonlyArray<Audit.Unreadable>
  readonly examples: ReadonlyArray<SinkRecord>
  readonly holds: boolean
}

const EXAMPLES = 3
const utf8 = new TextDecoder()

/** Compares each trade with the payload that was sent. */
const ledgerCheck = (ledger: Account) => {
  const altered = new Map<string, number>()
  return {
    add: ({ headers, key, value }: SinkRecord) => {
      const [, , stream, , id] = headers["event-id"]?.split(":") ?? []
      if (
        stream !== "trade" ||
        memberText(utf8.decode(value), "original_data") === ledger.tradePayload(key, Number(id))
      )
        return
      altered.set(key, (altered.get(key) ?? 0) + 1)
    },
    differences: ({ first, stream, symbol }: Audit.SeriesReport): ReadonlyArray<string> | undefined => {
      const pushed = ledger.pushed.get(`${symbol.toLowerCase()}@${stream}`)
      if (stream !== "trade" || pushed === undefined) return undefined
      const changed = altered.get(symbol) ?? 0
      return [
        ...(first === pushed.first ? [] : [`begins at ${first}, ${pushed.first} was sent first`]),
        ...(changed === 0 ? [] : [`${changed} payloads differ from what was sent`])
      ]
    }
  }
}

/** Without a ledger the ids alone prove it. */
export const prove = Effect.fnUntraced(function* <E>(
  topics: ReadonlyArray<string>,
  read: ReadTopic<E>,
  ledger: Account | undefined
) {
  const audit = Audit.make()
  const check = ledger === undefined ? undefined : ledgerCheck(ledger)
  const examples: Array<SinkRecord> = []
  for (const topic of topics) {
    yield* read(topic).pipe(
      Stream.runForEachArray((records) =>
        Effect.sync(() => {
          for (const record of records) {
            audit.add(record)
            check?.add(record)
          }
          if (examples.length < EXAMPLES) examples.push(...records.slice(0, 1))
        })
      )
    )
  }
  const { complete, series, unreadable } = audit.report()
  const rows = series.map((one): ProofRow => ({ ...one, differences: check?.differences(one) }))
  const proof: Proof = {
    rows,
    unreadable,
    examples: examples.slice(0, EXAMPLES),
    holds: complete && rows.length > 0 && rows.every(({ differences = [] }) => differences.length === 0)
  }
  return proof
})
