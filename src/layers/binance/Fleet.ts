/**
 * All connections of the feed: each group of streams once on every line, and what was moved away from connections on which it
 * stayed mute. Streams that come go where there is room, or to connections of their own; one that is left with none is closed.
 */
import { Clock, Duration, Effect, Fiber } from "effect"
import { clipped } from "../../pipeline/clipped.ts"
import { type Group, MAX_STREAMS_PER_CONNECTION, place, spread } from "../../pipeline/Subscriptions.ts"
import type { Settings } from "../../schema/Settings.ts"
import type { StreamName } from "../../schema/StreamName.ts"
import type { MarketFeed, Renewed, StreamChange } from "../../services/MarketFeed.ts"
import * as Keeper from "./Keeper.ts"

/** Asked for anew twice within this time, a stream is moved. */
const MOVE_WITHIN = Duration.minutes(10)

/** So long without a frame a connection is silent, ms: whatever it carries, its socket may be dead. */
const SILENT_MILLIS = 10_000

export interface Fleet {
  readonly start: (streams: ReadonlyArray<StreamName>) => Effect.Effect<void>
  readonly renew: MarketFeed["Service"]["renew"]
  /** Completes when the exchange has acknowledged it wherever a socket is open. Those that it carries are no news. */
  readonly change: (change: StreamChange) => Effect.Effect<void>
}

type Context = Omit<Keeper.KeeperContext, "onInvalid"> & {
  /** Runs a keeper until it is interrupted or the feed closes. */
  readonly start: (keeper: Keeper.Keeper) => Effect.Effect<Fiber.Fiber<never>>
}

const without = (streams: ReadonlyArray<StreamName>, names: ReadonlySet<string>): ReadonlyArray<StreamName> =>
  streams.filter(({ name }) => !names.has(name))

export const make = Effect.fnUntraced(function* (
  binance: Settings["binance"],
  context: Context
): Effect.fn.Return<Fleet> {
  /** Those of a group are twins: one a line, each with the same streams. */
  const groups: Array<ReadonlyMap<number, Keeper.Keeper>> = []
  /** By line: those with what was moved. */
  const sides: ReadonlyArray<Array<Keeper.Keeper>> = Array.from({ length: binance.lines }, () => [])
  const lines = sides.map((_, line) => line)
  const running = new Map<Keeper.Keeper, Fiber.Fiber<never>>()
  let isStarted = false
  let made = 0
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

  const onLine = (line: number): ReadonlyArray<Keeper.Keeper> => [
    ...groups.flatMap((group) => group.get(line) ?? []),
    ...(sides[line] ?? [])
  ]
  const all = (): ReadonlyArray<Keeper.Keeper> => lines.flatMap(onLine)

  const makeKeeper = (line: number, number: number, group: Group, twins: Keeper.KeeperOptions["twins"]) => {
    const suffix = binance.lines === 1 ? "" : (["a", "b"][line] ?? String(line))
    return Keeper.make(
      { ...binance, ...group, urls: binance.wsUrls, name: `binance-${number}${suffix}`, line, twins },
      { ...context, onInvalid }
    )
  }

  const start = Effect.fnUntraced(function* (keeper: Keeper.Keeper) {
    if (isStarted) running.set(keeper, yield* context.start(keeper))
  })

  /** Connections with these streams, one on each line. */
  const addGroup = Effect.fnUntraced(function* (streams: Group) {
    const group = new Map<number, Keeper.Keeper>()
    const number = ++made
    for (const line of lines) {
      const twins = () => [...group.values()].filter((other) => other !== group.get(line))
      group.set(line, yield* makeKeeper(line, number, streams, twins))
    }
    groups.push(group)
    yield* Effect.forEach(group.values(), start, { discard: true })
  })

  /** To a fresh connection: one that carries others too keeps what it has until it is replaced itself. */
  const move = Effect.fnUntraced(function* (line: number, keeper: Keeper.Keeper, moving: ReadonlyArray<StreamName>) {
    const rest = without(keeper.streams(), new Set(moving.map(({ name }) => name)))
    const others = sides[line] ?? []
    if (rest.length === 0 || others.includes(keeper)) return yield* keeper.refresh
    keeper.setStreams(rest)
    const { route } = keeper
    const side = others.find(
      (other) => other.route === route && other.streams().length + moving.length <= MAX_STREAMS_PER_CONNECTION
    )
    if (side === undefined) {
      const fresh = yield* makeKeeper(line, ++made, { route, streams: moving }, () => [])
      others.push(fresh)
      return yield* start(fresh)
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
    for (const line of lines) {
      // A connection that is away asks for everything anew by itself.
      for (const keeper of onLine(line).filter((one) => one.isLive())) {
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

  const stop = Effect.fnUntraced(function* (keeper: Keeper.Keeper) {
    const fiber = running.get(keeper)
    running.delete(keeper)
    if (fiber !== undefined) yield* Fiber.interrupt(fiber)
    yield* context.health.connection(keeper.name, undefined)
  })

  /** Those that carry nothing any more. */
  const closeEmpty = Effect.gen(function* () {
    const empty = new Set(all().filter((keeper) => keeper.streams().length === 0))
    if (empty.size === 0) return
    for (const [index, group] of groups.entries()) {
      groups[index] = new Map([...group].filter(([, keeper]) => !empty.has(keeper)))
    }
    groups.splice(0, groups.length, ...groups.filter((group) => group.size > 0))
    for (const side of sides) side.splice(0, side.length, ...side.filter((keeper) => !empty.has(keeper)))
    yield* Effect.forEach(empty, stop, { concurrency: "unbounded", discard: true })
  })

  const change = Effect.fnUntraced(function* ({ added, removed }: StreamChange) {
    const gone = new Set(removed.map(({ name }) => name))
    const carried = new Set(all().flatMap((keeper) => keeper.streams().map(({ name }) => name)))
    const removedFrom = (keeper: Keeper.Keeper) => keeper.streams().filter(({ name }) => gone.has(name))
    // Twins get the same.
    const { left, placed } = place(
      added.filter(({ name }) => !carried.has(name)),
      groups.map((group) => {
        const twins = [...group.values()]
        const rooms = twins.map((one) => MAX_STREAMS_PER_CONNECTION + removedFrom(one).length - one.size())
        return { route: twins[0]?.route, room: twins.length < lines.length ? 0 : Math.min(...rooms) }
      })
    )
    const addedTo = new Map(
      groups.flatMap((group, index) => [...group.values()].map((keeper) => [keeper, placed[index] ?? []] as const))
    )
    const changes = all()
      .map((keeper) => ({ keeper, added: addedTo.get(keeper) ?? [], removed: removedFrom(keeper) }))
      .filter(({ added, removed }) => added.length + removed.length > 0)
    yield* Effect.forEach(spread(left), addGroup, { discard: true })
    yield* Effect.forEach(changes, ({ keeper, ...change }) => keeper.change(change), {
      concurrency: "unbounded",
      discard: true
    })
    for (const name of gone) {
      renewedAt.delete(name)
      saidInvalid.delete(name)
    }
    yield* closeEmpty
  })

  return {
    start: Effect.fnUntraced(function* (streams) {
      yield* Effect.forEach(spread(streams), addGroup, { discard: true })
      isStarted = true
      yield* Effect.forEach(all(), start, { discard: true })
    }),
    renew,
    change
  }
})
