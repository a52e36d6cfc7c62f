/**
 * What is missing between the records of the spool, stream by stream: what was damaged, or never came, says nothing of itself,
 * its neighbours do. Of streams that can be fetched again.
 */
import * as Sequenced from "../../pipeline/Sequenced.ts"
import { isReplayable, type Span } from "../../schema/StreamKind.ts"
import type { SinkRecord } from "../../schema/SinkRecord.ts"
import type { StreamName } from "../../schema/StreamName.ts"
import type { HeldSpan } from "../../services/Spool.ts"
import { identify } from "./identity.ts"

export interface Holes {
  /** The records in their turn. */
  readonly pass: (record: SinkRecord) => void
  readonly spans: () => ReadonlyMap<string, HeldSpan>
}

interface Held {
  readonly first: number
  last: number
  readonly holes: Array<Span>
}

export const make = (streams: ReadonlyArray<StreamName>): Holes => {
  const read = Sequenced.make(streams)
  const replayable = new Map(streams.filter(({ kind }) => isReplayable(kind)).map((stream) => [stream.name, stream]))
  const held = new Map<string, Held>()

  /** Ids are told by the header alone; a candle's end stands in its value. */
  const spanOf = (record: SinkRecord): (Span & { readonly stream: string }) | undefined => {
    const { first, last, late, replayable: isClosed, stream } = identify(record)
    const known = replayable.get(stream)
    if (known === undefined || late || !isClosed) return undefined
    return known.kind.sequence === "ids" ? { stream, first, last } : read(record)
  }

  return {
    pass: (record) => {
      const span = spanOf(record)
      if (span === undefined) return
      const { first, last, stream } = span
      const before = held.get(stream)
      if (before === undefined) return void held.set(stream, { first, last, holes: [] })
      if (first > before.last + 1) before.holes.push({ first: before.last + 1, last: first - 1 })
      before.last = Math.max(before.last, last)
    },
    spans: () => held
  }
}
