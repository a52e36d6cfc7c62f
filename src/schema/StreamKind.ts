/**
 * A stream kind: all that the pipeline needs to know of one family of Binance streams. One file a kind in `kinds/`, one
 * line in the registry of its market; nothing else names a kind but the simulator, which must play it.
 */
import { Exit, Schema } from "effect"

/** The exchange's markets that there are streams of; `Market` tells all of them. */
export const marketNames = ["spot", "usdm"] as const
export type MarketName = (typeof marketNames)[number]

/**
 * The ids that an event covers, both inclusive: a trade covers its own id, a depth update `U` to `u`, a closed candle its
 * open to its close time (ms). Two events follow one another without a hole when `next.first === previous.last + 1`.
 */
export interface Span {
  readonly first: number
  readonly last: number
}

/** What one payload says of itself. */
export interface EventFacts {
  /** As the payload spells it; `undefined` where the payload carries none (partial depth). */
  readonly symbol: string | undefined
  /** The exchange's event time `E` in ms; `undefined` where the payload carries none. */
  readonly eventTime: number | undefined
  /** Tells the event from every other of its stream and symbol, by itself if `exact`, else beside a digest of its bytes. */
  readonly id: string | number
  readonly exact: boolean
  /** `undefined` for what has no sequence: tickers, open candles. */
  readonly span: Span | undefined
  /** Proves that its stream's sequence has come so far, though itself it has no place in it: an open candle. */
  readonly proves?: number
  /** Where the payload says it, which of its kind's streams it is of, as in their names: `kline_1m`, `ticker_1h`. */
  readonly variant?: string
  /** The symbol's newest trade when this was sent: proof that its trade stream had something to send. */
  readonly newestTrade?: number | undefined
}

/**
 * How the events of a stream follow one another, each beginning where the one before ended (`EventFacts.span`):
 * - `ids`: numbered one by one; the exchange's history has them.
 * - `times`: candles, each a stretch of time (ms); the exchange's history has them.
 * - `updates`: ranges of ids that nobody keeps: what was missed is gone.
 */
export type SequenceRule = "ids" | "times" | "updates"

/** Whether the exchange's history has a kind's events. */
export const isReplayable = ({ sequence }: StreamKind): boolean => sequence === "ids" || sequence === "times"

export interface StreamKind {
  readonly market: MarketName
  /** As Binance writes it: `trade`, `aggTrade`, `kline`. */
  readonly name: string
  /** What it is, for people, in a few words. */
  readonly title: string
  /** One stream name as a user would write it. */
  readonly example: string
  /** What a line about an event says, by names that people read: where in the payload it stands, `k.o` or `bids.0.0`. */
  readonly brief: Readonly<Record<string, string>>
  /** What may follow `<symbol>@`, each form in full. A closed list: a mistyped name can then be told the right one. */
  readonly suffixes: ReadonlyArray<string>
  /** The whole names of the forms that carry every symbol; empty where there are none. */
  readonly allMarket: ReadonlyArray<string>
  /** These bring one event a message, and not an array of rows. */
  readonly oneByOne: boolean
  /** The part of the exchange's address that serves it, where there are several; on another one it is acknowledged and mute. */
  readonly route: string | undefined
  /** It is sent at a pace of its own, whether or not somebody trades: its silence means something. */
  readonly hasCadence: boolean
  /** The trading statuses of a symbol in which the exchange sends none of it. */
  readonly silentIn: ReadonlyArray<string>
  /** The variable that names its topic, and the topic if it is unset. */
  readonly topic: { readonly variable: string; readonly default: string }
  /** `undefined`: each event stands alone. */
  readonly sequence: SequenceRule | undefined
  /** A record's `stream_type`, from the part of the stream's name that is not the symbol. */
  readonly streamType: (suffix: string) => string
  /** The wire shape, for people and programs that ask what it is made of; each field has a description. */
  readonly payload: Schema.Constraint
  /** A row of another market, which the exchange pushes along with ours. */
  readonly isForeign: (payload: unknown) => boolean
  /** Validates one payload, or one row of an array stream. */
  readonly decode: (payload: unknown) => Exit.Exit<EventFacts, Schema.SchemaError>
}

/** A kind as its file declares it: `facts` reads the type that `payload` decodes to. */
export interface Definition<P extends Schema.ConstraintDecoder<unknown>> {
  /** `spot` if it is not said. */
  readonly market?: MarketName
  readonly name: string
  readonly title: string
  readonly example: string
  readonly brief: StreamKind["brief"]
  readonly suffixes: ReadonlyArray<string>
  readonly allMarket?: ReadonlyArray<string>
  readonly oneByOne?: true
  readonly route?: string
  readonly isForeign?: StreamKind["isForeign"]
  readonly hasCadence?: true
  /** Besides `BREAK`, in which there is no market data at all. */
  readonly silentIn?: ReadonlyArray<string>
  readonly topic: StreamKind["topic"]
  readonly sequence?: SequenceRule
  readonly streamType?: (suffix: string) => string
  /** The wire shape. Structs and checks only: a transformation would leave the compiled decoder. Its fields are described. */
  readonly payload: P
  readonly facts: (payload: P["Type"]) => EventFacts
}

/** Binds a definition's payload type away, so that a registry can hold kinds of every payload. */
export const streamKind = <P extends Schema.ConstraintDecoder<unknown>>(definition: Definition<P>): StreamKind => {
  const decode = Schema.decodeUnknownExit(definition.payload)
  return {
    market: definition.market ?? "spot",
    name: definition.name,
    title: definition.title,
    example: definition.example,
    brief: definition.brief,
    suffixes: definition.suffixes,
    allMarket: definition.allMarket ?? [],
    oneByOne: definition.oneByOne ?? false,
    route: definition.route,
    isForeign: definition.isForeign ?? (() => false),
    hasCadence: definition.hasCadence ?? false,
    silentIn: ["BREAK", ...(definition.silentIn ?? [])],
    topic: definition.topic,
    sequence: definition.sequence,
    streamType: definition.streamType ?? (() => definition.name),
    payload: definition.payload,
    decode: (payload) => Exit.map(decode(payload), definition.facts)
  }
}
