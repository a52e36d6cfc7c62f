/**
 * The rows of the REST side as the streams' own payloads, field by field in the streams' order; prices and quantities as they
 * came. REST has no event time: a trade's own time, a candle's close time stand for it; nor a candle's trade ids: -1.
 */
import { Array as Arr, Cause, Effect, Exit, Option, Predicate, Result, Schema, SchemaIssue } from "effect"
import { Count, Decimal, ExchangeTime, Id, OptionalId } from "../../../schema/Primitives.ts"
import type { Span } from "../../../schema/StreamKind.ts"
import type { StreamName } from "../../../schema/StreamName.ts"
import type { PastEvent } from "../../../services/MarketHistory.ts"

export interface Row {
  readonly span: Span
  readonly event: PastEvent
  /** The exchange has given the id to nothing. */
  readonly isVoid: boolean
}

/** The rows of an answer, ascending. One bad row makes all of it bad, so that none goes missing unseen. */
export type ReadRows = (body: unknown, stream: StreamName) => Effect.Effect<ReadonlyArray<Row>, string>

/** So many rows of a page are read at once: what is live does not wait for a whole one. The first pages of a process take longest. */
const SLICE = 50

/** What a row says, in the stream's form. */
interface Past {
  readonly payload: object
  readonly isVoid?: boolean
}

const formatIssue = SchemaIssue.makeFormatterStandardSchemaV1()

/** `from`: the place of the first of these rows in the answer. */
const reasonOf = (error: Schema.SchemaError, from = 0): string => {
  const [issue] = formatIssue(error.issue).issues
  const [at, ...within] = issue?.path?.map((part) => (Predicate.isObject(part) ? part.key : part)) ?? []
  const field =
    at === undefined ? undefined : [typeof at === "number" ? at + from : at, ...within].map(String).join(".")
  return `a row is not understood: ${issue?.message ?? error.message} at ${field ?? "its beginning"}`
}

const faultOf = (cause: Cause.Cause<Schema.SchemaError>): string =>
  Option.match(Cause.findErrorOption(cause), { onNone: () => Cause.pretty(cause), onSome: reasonOf })

/** Validated as what the stream brings is. */
const toRow = ({ isVoid = false, payload }: Past, stream: StreamName): Result.Result<Row, string> =>
  Exit.match(stream.kind.decode(payload), {
    onFailure: (cause) => Result.fail(faultOf(cause)),
    onSuccess: (facts) =>
      facts.span === undefined
        ? Result.fail("a row has no place in the stream's sequence")
        : Result.succeed({ span: facts.span, event: { json: JSON.stringify(payload), facts }, isVoid })
  })

const ascending = (rows: ReadonlyArray<Row>): Result.Result<ReadonlyArray<Row>, string> => {
  const sorted = rows.toSorted((one, other) => one.span.first - other.span.first)
  const double = sorted.find(({ span }, index) => span.first <= (sorted[index - 1]?.span.last ?? -1))
  return double === undefined ? Result.succeed(sorted) : Result.fail(`${double.span.first} is there twice`)
}

const rowsOf = <S extends Schema.ConstraintDecoder<unknown>>(
  row: S,
  past: (row: S["Type"], stream: StreamName) => Past
): ReadRows => {
  const decode = Schema.decodeUnknownResult(Schema.Array(row))
  const slice = (rows: unknown, from: number, stream: StreamName): Result.Result<ReadonlyArray<Row>, string> =>
    Result.mapError(decode(rows), (error) => reasonOf(error, from)).pipe(
      Result.flatMap((rows) => Result.all(rows.map((row) => toRow(past(row, stream), stream))))
    )
  return Effect.fnUntraced(function* (body, stream) {
    const rows: Array<Row> = []
    for (const part of Arr.isArray(body) ? Arr.chunksOf(body, SLICE) : [body]) {
      if (rows.length > 0) yield* Effect.yieldNow
      rows.push(...(yield* Effect.fromResult(slice(part, rows.length, stream))))
    }
    return yield* Effect.fromResult(ascending(rows))
  })
}

/** Of `trades` and `historicalTrades`. */
export const trades = rowsOf(
  Schema.Struct({
    id: Id,
    price: Decimal,
    qty: Decimal,
    time: ExchangeTime,
    isBuyerMaker: Schema.Boolean,
    isBestMatch: Schema.Boolean
  }),
  ({ id, isBestMatch, isBuyerMaker, price, qty, time }, { symbol }) => ({
    payload: {
      e: "trade",
      E: time,
      s: symbol,
      t: id,
      p: price,
      q: qty,
      T: time,
      m: isBuyerMaker,
      M: isBestMatch
    }
  })
)

/** Of `aggTrades`. A few ids were voided when doubles were taken out of the history: their `f` and `l` are -1. */
export const aggregates = rowsOf(
  Schema.Struct({
    a: Id,
    p: Decimal,
    q: Decimal,
    f: OptionalId,
    l: OptionalId,
    T: ExchangeTime,
    m: Schema.Boolean,
    M: Schema.Boolean
  }),
  ({ a, f, l, m, M, p, q, T }, { symbol }) => ({
    payload: { e: "aggTrade", E: T, s: symbol, a, p, q, f, l, T, m, M },
    isVoid: f === -1
  })
)

/** Of the `aggTrades` of futures, which know no `M`. The streams say whose a row is: USD-M's have `st` 1. */
export const usdmAggregates = rowsOf(
  Schema.Struct({
    a: Id,
    p: Decimal,
    q: Decimal,
    nq: Schema.optionalKey(Decimal),
    f: OptionalId,
    l: OptionalId,
    T: ExchangeTime,
    m: Schema.Boolean
  }),
  ({ a, f, l, m, nq, p, q, T }, { symbol }) => ({
    payload: { e: "aggTrade", E: T, s: symbol, a, p, q, ...(nq !== undefined && { nq }), f, l, T, m, st: 1 },
    isVoid: f === -1
  })
)

const decodeIds = Schema.decodeUnknownResult(Schema.Array(Schema.Struct({ a: Id, l: OptionalId })))

/** The last aggregate of `aggTrades`, and the last trade in it. */
export const newestIds = (body: unknown) =>
  Effect.fromResult(
    Result.mapBoth(decodeIds(body), { onFailure: reasonOf, onSuccess: (rows) => Option.fromNullishOr(rows.at(-1)) })
  )

/** `kline_1m`, `kline_1d@+08:00`. */
export const intervalOf = ({ suffix }: StreamName): { readonly interval: string; readonly timeZone?: number } => {
  const [interval = "", east] = suffix.slice("kline_".length).split("@")
  return east === undefined ? { interval } : { interval, timeZone: 8 }
}

/** Of `klines`; whether a candle is closed is the reader's to judge. */
export const candles = rowsOf(
  Schema.TupleWithRest(
    Schema.Tuple([
      ExchangeTime,
      Decimal,
      Decimal,
      Decimal,
      Decimal,
      Decimal,
      ExchangeTime,
      Decimal,
      Count,
      Decimal,
      Decimal
    ]),
    [Schema.Unknown]
  ),
  ([t, o, h, l, c, v, T, q, n, V, Q], stream) => ({
    payload: {
      e: "kline",
      E: T,
      s: stream.symbol,
      k: {
        t,
        T,
        s: stream.symbol,
        i: intervalOf(stream).interval,
        f: -1,
        L: -1,
        o,
        c,
        h,
        l,
        v,
        n,
        x: true,
        q,
        V,
        Q,
        B: "0"
      }
    }
  })
)
