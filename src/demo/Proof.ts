/**
 * The proof: what the log holds, judged by its own ids, and held against what the simulator says it has sent, trade by trade
 * and byte for byte.
 */
import { Effect, Stream } from "effect"
import * as Audit from "../pipeline/Audit.ts"
import * as GapLedger from "../pipeline/GapLedger.ts"
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

/** Holds the log against the account: every stream that was sent is there from its first id to its last, trades byte for byte. */
const ledgerCheck = (ledger: Account) => {
  const altered = new Map<string, number>()

  const differences = (sent: Sent, { first = Infinity, last = -Infinity, stream, symbol }: Audit.SeriesReport) => {
    const changed = stream === "trade" ? (altered.get(symbol) ?? 0) : 0
    return [
      ...(first === sent.first ? [] : [`begins at ${first}, ${sent.first} was sent first`]),
      // A candle's last id is its close time, the account has its open time.
      ...(last >= sent.last ? [] : [`ends at ${last}, ${sent.last} was sent last`]),
      ...(changed === 0 ? [] : [`${changed} payloads differ from what was sent`])
    ]
  }

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
    judge: (series: ReadonlyArray<Audit.SeriesReport>): ReadonlyArray<ProofRow> => {
      const found = series.map((one): ProofRow => {
        const sent = ledger.pushed.get(nameOf(one))
        return { ...one, differences: sent && differences(sent, one) }
      })
      const names = new Set(series.map(nameOf))
      const absent = Array.from(ledger.pushed)
        .filter(([name]) => !names.has(name))
        .map(([name, { count }]): ProofRow => {
          const at = name.indexOf("@")
          const [symbol, stream] = [name.slice(0, at).toUpperCase(), name.slice(at + 1)]
          return { ...nothing, stream, symbol, differences: [`nothing of the ${count} that were sent`] }
        })
      return [...found, ...absent]
    }
  }
}

type Sent = NonNullable<ReturnType<Account["pushed"]["get"]>>

const nameOf = ({ stream, symbol }: Audit.SeriesReport): string => `${symbol.toLowerCase()}@${stream}`

const nothing = {
  topic: "-",
  market: "spot" as const,
  records: 0,
  backfilled: 0,
  late: 0,
  first: undefined,
  last: undefined,
  ranges: [],
  holes: [],
  replayable: false,
  duplicates: 0,
  outOfOrder: 0,
  unsaid: [],
  wrongKey: 0,
  wrongPartition: 0
}

/** The topics to read: those of the data, and the one that explains them. */
export interface Topics {
  readonly data: ReadonlyArray<string>
  readonly continuity: string
}

/** Without a ledger the ids alone prove it. */
export const prove = Effect.fnUntraced(function* <E>(topics: Topics, read: ReadTopic<E>, ledger: Account | undefined) {
  const gaps = GapLedger.make()
  yield* Stream.runForEach(read(topics.continuity), (record) => Effect.sync(() => gaps.add(record)))
  const audit = Audit.make({ ledger: gaps })
  const check = ledger === undefined ? undefined : ledgerCheck(ledger)
  const examples: Array<SinkRecord> = []
  for (const topic of topics.data) {
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
  const rows = check?.judge(series) ?? series.map((one): ProofRow => ({ ...one, differences: undefined }))
  const proof: Proof = {
    rows,
    unreadable,
    examples: examples.slice(0, EXAMPLES),
    holds: complete && rows.length > 0 && rows.every(({ differences = [] }) => differences.length === 0)
  }
  return proof
})
