import { assert, describe, it } from "@effect/vitest"
import { Cause, Clock, Context, Duration, Effect, Exit, Fiber, Latch, Layer, Scope } from "effect"
import { TestClock } from "effect/testing"
import { MemoryCoordinator, layerWith } from "../../../src/layers/MemoryKafkaGroup.ts"
import * as Member from "../../../src/layers/shards/Member.ts"
import { KafkaGroup } from "../../../src/services/KafkaGroup.ts"

const SHARDS = 6
const group = { id: "g", shards: SHARDS, sessionTimeout: Duration.seconds(10) }
const START = Duration.seconds(2)
const DRAIN = Duration.millis(300)

/** What every shard's runs have done: who has it now, and the longest that nobody had it. */
const record = () => {
  const owners = new Map<number, Set<string>>()
  const alone = new Map<number, number>()
  let longest = 0
  return {
    begins: (shard: number, name: string, at: number) => {
      const now = owners.get(shard) ?? new Set()
      owners.set(shard, now.add(name))
      longest = Math.max(longest, at - (alone.get(shard) ?? at))
      alone.delete(shard)
    },
    ends: (shard: number, name: string, at: number) => {
      const now = owners.get(shard)
      if (now?.delete(name) === true && now.size === 0) alone.set(shard, at)
    },
    of: (name: string) =>
      Array.from(owners)
        .flatMap(([shard, names]) => (names.has(name) ? [shard] : []))
        .toSorted(),
    owners: () => Array.from({ length: SHARDS }, (_, shard) => [...(owners.get(shard) ?? [])].join("+")),
    longest: () => longest
  }
}

const setUp = Effect.gen(function* () {
  const context = yield* Layer.build(layerWith({ sessionTimeout: group.sessionTimeout }))
  const coordinator = Context.get(context, MemoryCoordinator)
  const log = record()
  const now = Clock.currentTimeMillis
  const standings = new Map<string, Member.Standing>()

  /** A process whose shards take a while to begin, and to be let go of. */
  const start = Effect.fnUntraced(function* (name: string, taken: ReadonlyMap<number, Latch.Latch> = new Map()) {
    let isKilled = false
    const lets = Effect.fnUntraced(function* (shard: number) {
      if (!isKilled) yield* Effect.sleep(DRAIN)
      log.ends(shard, name, yield* now)
    })
    const life = (shard: number) =>
      Effect.gen(function* () {
        yield* Effect.addFinalizer(() => lets(shard))
        yield* Effect.sleep(START)
        log.begins(shard, name, yield* now)
        const ends = taken.get(shard)
        yield* ends === undefined ? Effect.never : ends.await
      }).pipe(Effect.scoped)
    const tell = (standing: Member.Standing) => Effect.sync(() => void standings.set(name, standing))
    // A process that is killed says nothing more to the group.
    const heard = Context.get(context, KafkaGroup)
    const mute = KafkaGroup.of({ ...heard, leave: (id) => (isKilled ? Effect.void : heard.leave(id)) })
    const scope = yield* Scope.make()
    const fiber = yield* Member.run({ group, instance: name, life, tell }).pipe(
      Effect.provideService(KafkaGroup, mute),
      Effect.forkIn(scope)
    )
    return {
      name,
      stop: Effect.forkChild(Fiber.interrupt(fiber)),
      kill: Effect.suspend(() => {
        isKilled = true
        return Effect.forkChild(Scope.close(scope, Exit.void))
      })
    }
  })

  const pass = (duration: Duration.Input) =>
    Effect.forEach(
      Array.from({ length: Math.ceil(Duration.toMillis(Duration.fromInputUnsafe(duration)) / 100) }),
      () => TestClock.adjust("100 millis"),
      { discard: true }
    )
  return { coordinator, log, pass, standings, start }
})

describe("a member of a group", () => {
  it.effect("has all shards alone, and shares them with whoever comes", () =>
    Effect.gen(function* () {
      const { log, pass, standings, start } = yield* setUp
      yield* start("a")
      yield* pass("4 seconds")
      assert.deepStrictEqual(log.owners(), ["a", "a", "a", "a", "a", "a"])
      yield* start("b")
      yield* pass("6 seconds")
      assert.deepStrictEqual(log.owners(), ["a", "a", "a", "b", "b", "b"])
      yield* start("c")
      yield* pass("6 seconds")
      assert.deepStrictEqual([log.of("a").length, log.of("b").length, log.of("c").length], [2, 2, 2])
      assert.deepStrictEqual(standings.get("c"), { state: "member", shards: log.of("c"), members: 3 })
      // Let go of, told, given, begun.
      assert.isAtMost(log.longest(), Duration.toMillis(START) + 1000)
    })
  )

  it.effect("hands its shards over when it stops, without anybody waiting for its session", () =>
    Effect.gen(function* () {
      const { log, pass, start } = yield* setUp
      yield* start("a")
      const b = yield* start("b")
      yield* pass("6 seconds")
      yield* b.stop
      yield* pass("4 seconds")
      assert.deepStrictEqual(log.owners(), ["a", "a", "a", "a", "a", "a"])
      assert.isAtMost(log.longest(), Duration.toMillis(START) + 1000)
    })
  )

  it.effect("is replaced within its session and a start when it is killed", () =>
    Effect.gen(function* () {
      const { log, pass, start } = yield* setUp
      yield* start("a")
      const b = yield* start("b")
      yield* start("c")
      yield* pass("10 seconds")
      yield* b.kill
      yield* pass("15 seconds")
      assert.deepStrictEqual([log.of("a").length, log.of("c").length], [3, 3])
      assert.isAtMost(log.longest(), Duration.toMillis(group.sessionTimeout) + Duration.toMillis(START) + 1000)
      assert.isAtLeast(log.longest(), 8000)
    })
  )

  it.effect("goes on with what it has while the coordinator is away", () =>
    Effect.gen(function* () {
      const { coordinator, log, pass, start } = yield* setUp
      yield* start("a")
      yield* start("b")
      yield* pass("10 seconds")
      const before = log.owners()
      yield* coordinator.down(true)
      yield* pass("1 minute")
      assert.deepStrictEqual(log.owners(), before)
      yield* coordinator.down(false)
      yield* pass("20 seconds")
      assert.deepStrictEqual(log.owners(), before)
      assert.strictEqual(log.longest(), 0)
    })
  )

  it.effect("begins a shard anew that another process had taken meanwhile and nobody has now", () =>
    Effect.gen(function* () {
      const { log, pass, standings, start } = yield* setUp
      const taken = yield* Latch.make(false)
      yield* start("a", new Map([[2, taken]]))
      yield* pass("4 seconds")
      yield* taken.open
      yield* pass("1 second")
      assert.deepStrictEqual(standings.get("a")?.shards, [0, 1, 2, 3, 4, 5])
      assert.strictEqual(log.owners()[2], "")
      yield* pass("2 seconds")
    })
  )

  it.effect("stops all its shards at once, and says what one could not store", () =>
    Effect.gen(function* () {
      const context = yield* Layer.build(layerWith({ sessionTimeout: group.sessionTimeout }))
      const stopped: Array<number> = []
      const lets = (shard: number) =>
        Effect.sleep(DRAIN).pipe(
          Effect.andThen(Effect.sync(() => void stopped.push(shard))),
          Effect.andThen(shard === 3 ? Effect.die(new Error("7 records not stored")) : Effect.void)
        )
      const life = (shard: number) =>
        Effect.andThen(
          Effect.addFinalizer(() => lets(shard)),
          Effect.never
        ).pipe(Effect.scoped)
      const fiber = yield* Member.run({ group, instance: "a", life, tell: () => Effect.void }).pipe(
        Effect.provideContext(context),
        Effect.forkChild
      )
      yield* TestClock.adjust("4 seconds")
      yield* Effect.forkChild(Fiber.interrupt(fiber))
      yield* TestClock.adjust(DRAIN)
      assert.strictEqual(stopped.length, SHARDS)
      yield* TestClock.adjust("2 seconds")
      const exit = yield* Fiber.await(fiber)
      assert.isTrue(Exit.isFailure(exit) && String(Cause.squash(exit.cause)).includes("7 records not stored"))
    })
  )
})
