/**
 * What the live page shows beside `Health`: figures that their owners write as plain fields of cells, so that it costs next
 * to nothing where much happens, and the latest few of what happens rarely. Without a layer nothing is kept. Layer:
 * `layers/StatusBoard` (it is memory by nature).
 */
import { Context } from "effect"
import type {
  ContinuityReport,
  DeadLetterReport,
  KafkaReport,
  StatusReport,
  TroubleReport
} from "../schema/StatusReport.ts"

/** Its owner is the stream's way through the pipeline. */
export interface StreamCell {
  events: number
  lastAt: number | null
  lastId: number | null
  gapsOpen: number
  gapsFilled: number
  gapsLost: number
  duplicates: number
}

/** Its owner is what keeps the connection up. */
export interface ConnectionCell {
  host: string | null
  streams: number
  since: number | null
  rolloverAt: number | null
  frames: number
  latencyMs: number | null
  downSince: number | null
  retryAt: number | null
}

export interface KafkaCell {
  /** There is one. */
  isOpen: boolean
  failures: number
  inFlight: number
  waitingRecords: number
  waitingBytes: number
  lastError: KafkaReport["lastError"]
  /** A send was acknowledged after so many ms. */
  readonly acknowledged: (records: number, millis: number) => void
}

export interface SpoolCell {
  /** There is one. */
  isOpen: boolean
  bytes: number
  limit: number
  records: number
  since: number | null
  dropped: number
  /** Why the last write failed. */
  fault: string | null
}

/** What may be wrong though the work goes on, in a word or two; the runbook explains each. */
export const troubleKinds = [
  "another connector",
  "cannot be written",
  "dead letters",
  "does not answer",
  "late",
  "losing records",
  "not applied",
  "nothing new",
  "refused",
  "silent",
  "unknown symbol"
] as const
export type TroubleKind = (typeof troubleKinds)[number]

/**
 * Something is wrong though the work goes on: the program is degraded for as long. Whoever knows of it says so, again whenever
 * it happens again, and says when it is over; what is told once and never ends by itself `lasts` so many ms.
 */
export interface Trouble {
  /** What is in trouble: a stream, a topic, a connection. */
  readonly subject: string
  /** Tells it from other troubles of the same subject. */
  readonly kind: TroubleKind
  /** One line: what is wrong and, if there is something, what to do. */
  readonly text: string
  readonly lasts?: number
}

export interface RestCell {
  /** There is one. */
  isOpen: boolean
  /** When it answered last as it should, and since when it has not. */
  answeredAt: number | null
  failingSince: number | null
  fault: string | null
  usedWeight: number | null
}

/** What it knows; `layers/ops` joins it with health and settings to the report. */
export type Figures = Pick<
  StatusReport,
  "at" | "startedAt" | "events" | "rate" | "deadLetters" | "continuity" | "kafka" | "spool" | "rest"
> & {
  /** The names of the streams that are carried; none as long as nobody says so. */
  readonly carried: ReadonlyArray<string>
  readonly connections: ReadonlyMap<string, Omit<StatusReport["connections"][number], "name" | "state" | "detail">>
  readonly streams: ReadonlyMap<string, Omit<StatusReport["streams"][number], "name" | "trouble">>
}

export interface StatusService {
  /** The cell of that name, for as long as the program runs. */
  readonly stream: (name: string) => StreamCell
  readonly connection: (name: string) => ConnectionCell
  readonly kafka: KafkaCell
  readonly spool: SpoolCell
  readonly rest: RestCell
  /** These streams are carried from now on. */
  readonly joined: (names: ReadonlyArray<string>) => void
  /** They are not any more, and nothing is wrong with them. */
  readonly left: (names: ReadonlyArray<string>) => void
  /** In the order they came. */
  readonly deadLetters: (letters: ReadonlyArray<DeadLetterReport>) => void
  readonly continuity: (statements: ReadonlyArray<Omit<ContinuityReport, "streams">>) => void
  readonly trouble: (trouble: Trouble) => void
  readonly well: (subject: string, kind: TroubleKind) => void
  /** Those that there are, in the order in which they began. */
  readonly troubles: () => ReadonlyArray<TroubleReport>
  readonly figures: () => Figures
}

/** How a trouble is called in lists: `btcusdt@ticker (mute)`. */
export const nameOf = ({ kind, subject }: Pick<Trouble, "subject" | "kind">): string => `${subject} (${kind})`

export const newStream = (): StreamCell => ({
  events: 0,
  lastAt: null,
  lastId: null,
  gapsOpen: 0,
  gapsFilled: 0,
  gapsLost: 0,
  duplicates: 0
})

export const newConnection = (): ConnectionCell => ({
  host: null,
  streams: 0,
  since: null,
  rolloverAt: null,
  frames: 0,
  latencyMs: null,
  downSince: null,
  retryAt: null
})

export const newSpool = (): SpoolCell => ({
  isOpen: false,
  bytes: 0,
  limit: 0,
  records: 0,
  since: null,
  dropped: 0,
  fault: null
})

export const newRest = (): RestCell => ({
  isOpen: false,
  answeredAt: null,
  failingSince: null,
  fault: null,
  usedWeight: null
})

const nobody = (): StatusService => ({
  stream: newStream,
  connection: newConnection,
  kafka: {
    isOpen: false,
    failures: 0,
    inFlight: 0,
    waitingRecords: 0,
    waitingBytes: 0,
    lastError: null,
    acknowledged: () => {}
  },
  spool: newSpool(),
  rest: newRest(),
  joined: () => {},
  left: () => {},
  deadLetters: () => {},
  continuity: () => {},
  trouble: () => {},
  well: () => {},
  troubles: () => [],
  figures: () => ({
    at: 0,
    startedAt: 0,
    events: 0,
    rate: 0,
    deadLetters: { total: 0, latest: [] },
    continuity: [],
    spool: null,
    rest: null,
    carried: [],
    connections: new Map(),
    streams: new Map(),
    kafka: null
  })
})

export class Status extends Context.Reference<StatusService>("binance-kafka/services/Status", {
  defaultValue: nobody
}) {}
