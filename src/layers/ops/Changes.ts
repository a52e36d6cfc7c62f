/**
 * What has changed in the report since somebody saw it, so that little goes over the wire though there are thousands of
 * streams. It is made anew at most once a second, whoever asks; each part and each stream's row bears the version in which
 * it changed last.
 */
import { Clock, Duration, Effect } from "effect"
import type { StatusReport, StreamReport } from "../../schema/StatusReport.ts"

const REFRESH_EVERY = Duration.millis(900)

export interface Change {
  /** To ask with the next time; 0: nothing was seen yet. */
  readonly version: number
  /** JSON: the parts of the report that changed, and as `rows` the streams that did, by their place in `names`. */
  readonly text: string
}

interface Part {
  text: string
  version: number
}

/** Digits that nobody sees would change all the time. */
const rounded = (value: number): number => Math.round(value * 10) / 10

/** What the page's script takes apart; `page/live.js` names these in the same order. */
const rowOf = (index: number, stream: StreamReport): string =>
  JSON.stringify([
    index,
    rounded(stream.rate),
    stream.lastAt,
    stream.lastId,
    stream.gapsOpen,
    stream.gapsFilled,
    stream.duplicates,
    stream.trouble,
    stream.gapsLost
  ])

export const make = (report: Effect.Effect<StatusReport>) => {
  const parts = new Map<string, Part>()
  const rows: Array<Part> = []
  let version = 0
  let refreshedAt = Number.NEGATIVE_INFINITY
  let at = 0

  const refresh = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    // The clock on the wall may leap back.
    if (Math.abs(now - refreshedAt) < Duration.toMillis(REFRESH_EVERY)) return
    refreshedAt = now
    const { streams, ...rest } = yield* report
    version++
    at = rest.at
    for (const [name, value] of Object.entries({ ...rest, names: streams.map(({ name }) => name) })) {
      const text = JSON.stringify(value)
      if (name !== "at" && parts.get(name)?.text !== text) parts.set(name, { text, version })
    }
    for (const [index, stream] of streams.entries()) {
      const text = rowOf(index, stream)
      if (rows[index]?.text !== text) rows[index] = { text, version }
    }
  })

  return {
    since: Effect.fnUntraced(function* (seen: number): Effect.fn.Return<Change> {
      yield* refresh
      const changed = Array.from(parts).filter(([, part]) => part.version > seen)
      const members = [
        `"at":${at}`,
        ...changed.map(([name, { text }]) => `${JSON.stringify(name)}:${text}`),
        `"rows":[${rows
          .filter((row) => row.version > seen)
          .map(({ text }) => text)
          .join(",")}]`
      ]
      return { version, text: `{${members.join(",")}}` }
    })
  }
}
