/**
 * All connections of the feed: each group of streams once on every line, and what was moved away from connections on which it
 * stayed mute.
 */
import { Clock, Duration, Effect } from "effect"
import { clipped } from "../../pipeline/clipped.ts"
import { type Group, MAX_STREAMS_PER_CONNECTION } from "../../pipeline/Subscriptions.ts"
import type { Settings } from "../../schema/Settings.ts"
import type { StreamName } from "../../schema/StreamName.ts"
import type { MarketFeed, Renewed } from "../../services/MarketFeed.ts"
import * as Keeper from "./Keeper.ts"

/** Asked for anew twice within this time, a stream is moved. */
const MOVE_WITHIN = Duration.minutes(10)

/** So long without a frame a connection is silent, ms: whatever it carries, its socket may be dead. */
const SILENT_MILLIS = 10_000

export interface Fleet {
  readonly start: Effect.Effect<void>
  readonly renew: MarketFeed["Service"]["renew"]
}

type Context = Omit<Keeper.KeeperContext, "onInvalid"> & {
  /** Runs a keeper until the feed closes. */
  readonly start: (keeper: Keeper.Keeper) => Effect.Effect<void>
}

const without = (streams: ReadonlyArray<StreamName>, names: ReadonlySet<string>): ReadonlyArray<StreamName> =>
  streams.filter(({ name }) => !names.has(name))

export const make = Effect.fnUntraced(function* (
  binance: Settings["binance"],
  groups: ReadonlyArray<Group>,
  context: Context
): Effect.fn.Return<Fleet> {
  /** By line. */
  const lines: ReadonlyArray<Array<Keeper.Keeper>> = Array.from({ length: binance.lines }, () => [])
  const renewedAt = new Map<string, number>()
  const saidInvalid = new Set<string>()

  const onInvalid = (names: ReadonlyArray<string>, message: string) =>
    Effect.suspend(() => {
      const news = names.filter((name) => !saidInvalid.has(name))
      if (news.length === 0 && names.length > 0) return Effect.void
      for (const name of news) saidInvalid.add(name)
      return Effect.logError("The exchange does not accept streams: going on without them").pipe(
        Effect.annotateLogs({ streams: news.length, names: clipped(news.join(", ")), reason: message })
      )
    })

  /** The next connection of a line: those of the same number are twins. */
  const add = Effect.fnUntraced(function* (line: number, { route, streams }: Group) {
    const mine = lines[line] ?? []
    const index = mine.length
    const suffix = binance.lines === 1 ? "" : (["a", "b"][line] ?? String(line))
    const keeper = yield* Keeper.make(
      {
        ...binance,
        urls: binance.wsUrls,
        name: `binance-${index + 1}${suffix}`,
        line,
        route,
        streams,
        twins: () => lines.flatMap((other) => (other === mine ? [] : other.slice(index, index + 1)))
      },
      { ...context, onInvalid }
    )
    mine.push(keeper)
    return keeper
  })

  for (const [line] of lines.entries()) for (const group of groups) yield* add(line, group)

  /** To a fresh connection: one that carries others too keeps what it has until it is replaced itself. */
  const move = Effect.fnUntraced(function* (line: number, keeper: Keeper.Keeper, moving: ReadonlyArray<StreamName>) {
    const rest = without(keeper.streams(), new Set(moving.map(({ name }) => name)))
    const isOriginal = (lines[line] ?? []).indexOf(keeper) < groups.length
    if (rest.length === 0 || !isOriginal) return yield* keeper.refresh
    keeper.setStreams(rest)
    const side = (lines[line] ?? [])
      .slice(groups.length)
      .find(
        ({ route, streams }) => route === keeper.route && streams().length + moving.length <= MAX_STREAMS_PER_CONNECTION
      )
    if (side === undefined) {
      return yield* Effect.flatMap(add(line, { route: keeper.route, streams: moving }), context.start)
    }
    side.setStreams([...side.streams(), ...moving])
    return yield* side.refresh
  })

  const renew = Effect.fnUntraced(function* (asked: ReadonlyArray<StreamName>): Effect.fn.Return<Renewed> {
    // What we do not read is not mute.
    if (context.inbox.isPaused()) return { alone: [], silent: [] }
    const alone = new Set<string>()
    const silent = new Set<string>()
    const now = yield* Clock.currentTimeMillis
    const names = new Set(asked.map(({ name }) => name))
    const again = new Set(
      [...names].filter(
        (name) => now - (renewedAt.get(name) ?? Number.NEGATIVE_INFINITY) < Duration.toMillis(MOVE_WITHIN)
      )
    )
    for (const [line, keepers] of lines.entries()) {
      // A connection that is away asks for everything anew by itself.
      for (const keeper of keepers.filter((one) => one.isLive())) {
        const mine = keeper.streams().filter(({ name }) => names.has(name))
        const found = now - keeper.lastFrameAt() > SILENT_MILLIS ? silent : alone
        for (const { name } of mine) {
          renewedAt.set(name, now)
          found.add(name)
        }
        yield* keeper.resubscribe(without(mine, again))
        const moving = mine.filter(({ name }) => again.has(name))
        if (moving.length > 0) yield* move(line, keeper, moving)
      }
    }
    return {
      alone: asked.filter(({ name }) => alone.has(name)),
      silent: asked.filter(({ name }) => silent.has(name) && !alone.has(name))
    }
  })

  return {
    start: Effect.suspend(() => Effect.forEach(lines.flat(), context.start, { discard: true })),
    renew
  }
})
