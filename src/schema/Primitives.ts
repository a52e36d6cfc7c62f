/**
 * The few types that every payload is made of. Prices and quantities stay the strings the exchange sent: a float would
 * round them. Their titles are what people read of them as units.
 */
import { Schema } from "effect"

/** A decimal number as the exchange writes it, such as `"2891.17000000"`. */
export const Decimal = Schema.String.check(
  Schema.isPattern(/^-?\d+(\.\d+)?$/, { message: "expected a decimal number in a string" })
)
  .pipe(Schema.brand("Decimal"))
  .annotate({ title: "decimal in a string" })

/** A trade, aggregate or order-book id: an integer that a double holds exactly. */
export const Id = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
  .pipe(Schema.brand("Id"))
  .annotate({ title: "integer" })

/** A trade id inside a candle or a ticker window: -1 where there was no trade. */
export const OptionalId = Schema.Int.check(Schema.isGreaterThanOrEqualTo(-1))
  .pipe(Schema.brand("OptionalId"))
  .annotate({ title: "integer, -1 for none" })

/** How many trades: an integer from 0. */
export const Count = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
  .pipe(Schema.brand("Count"))
  .annotate({ title: "integer" })

/** An instant of the exchange's clock, Unix milliseconds or microseconds: the connection's `timeUnit` decides. */
export const ExchangeTime = Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
  .pipe(Schema.brand("ExchangeTime"))
  .annotate({ title: "Unix ms" })
export type ExchangeTime = typeof ExchangeTime.Type

/**
 * A symbol as payloads spell it, upper-case; it may hold non-ASCII characters. It becomes key and event id, so its length
 * is bounded; the exchange's longest have some twenty characters.
 */
export const MarketSymbol = Schema.NonEmptyString.check(
  Schema.isMaxLength(64, { message: "expected a symbol of at most 64 characters" })
)
  .pipe(Schema.brand("MarketSymbol"))
  .annotate({ title: "text" })

/** Levels of an order book, best first: price and quantity. What follows them in a level is tolerated: old recordings have more. */
export const BookLevels = Schema.Array(
  Schema.TupleWithRest(Schema.Tuple([Decimal, Decimal]), [Schema.Unknown])
).annotate({ title: "list of [price, quantity]" })

/** Above this a Unix time is in microseconds: as milliseconds it would lie in the year 5138. */
const FIRST_MICROSECONDS = 1e14

/** Milliseconds, whichever unit the connection delivers. */
export const toMillis = (time: number): number => (time >= FIRST_MICROSECONDS ? Math.floor(time / 1000) : time)
