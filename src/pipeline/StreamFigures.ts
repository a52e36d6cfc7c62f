/** What the live page says of each stream, written as plain fields on the hot path. */
import { Effect } from "effect"
import type { StreamName } from "../schema/StreamName.ts"
import { type StreamCell, Status } from "../services/Status.ts"
import type { MarketEvent } from "./Decoder.ts"

export const make = Effect.gen(function* () {
  const status = yield* Status
  const cells = new Map<StreamName, StreamCell>()
  const cellOf = (stream: StreamName): StreamCell => {
    const known = cells.get(stream)
    if (known !== undefined) return known
    const cell = status.stream(stream.name)
    cells.set(stream, cell)
    return cell
  }

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
