/** What the live page says of each stream, written as plain fields on the hot path. */
import { Effect } from "effect"
import type { StreamName } from "../schema/StreamName.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { newStream, Status } from "../services/Status.ts"
import type { MarketEvent } from "./Decoder.ts"

export const make = Effect.gen(function* () {
  const { binance } = yield* AppConfig
  const status = yield* Status
  const cells = new Map(binance.streams.map((stream) => [stream, status.stream(stream.name)]))
  const nobody = newStream()
  const cellOf = (stream: StreamName) => cells.get(stream) ?? nobody

  return {
    received: (events: ReadonlyArray<MarketEvent>): void => {
      for (const { receivedAt, stream } of events) {
        const cell = cellOf(stream)
        cell.events++
        cell.lastAt = receivedAt
      }
    },
    /** What is late lies behind the last one. */
    published: (events: ReadonlyArray<MarketEvent>): void => {
      for (const { facts, late, stream } of events) {
        if (facts.span !== undefined && late !== true) cellOf(stream).lastId = facts.span.last
      }
    },
    /** It had been published before. */
    dropped: (stream: StreamName): void => {
      cellOf(stream).duplicates++
    }
  }
})
