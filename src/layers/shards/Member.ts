/**
 * Takes part in a group for as long as it runs: joins, runs the shards that the group gives it, lets go of those that it takes
 * back, joins again when something has changed. When it ends it lets go of all, and then says that it leaves, so that nobody has
 * to wait for its session to end.
 *
 * It does not stop a shard because the group cannot be reached: nobody else can be given it meanwhile, or else the broker
 * refuses what is written here.
 */
import { Cause, Duration, Effect, Exit, Fiber, Latch, Metric, Queue, Random, Scope } from "effect"
import { backoff } from "../../pipeline/backoff.ts"
import { assign } from "../../pipeline/shards/assign.ts"
import * as Shards from "../../pipeline/shards/Shards.ts"
import type { GroupSettings } from "../../schema/Settings.ts"
import { type GroupError, type Joined, KafkaGroup } from "../../services/KafkaGroup.ts"
import * as Telemetry from "../../services/Telemetry.ts"

/** In a session. */
const HEARTBEATS = 20
const LEAVE_LIMIT = Duration.seconds(1)

export interface Standing {
  readonly state: "joining" | "member"
  /** That run, and are not being let go of. */
  readonly shards: ReadonlyArray<number>
  readonly members: number
}

export interface Options<R> {
  readonly group: GroupSettings
  readonly instance: string
  /** Runs a shard. Ends when another process has taken it; interrupted, when it has let go of it. */
  readonly life: (shard: number) => Effect.Effect<void, never, R>
  /** Is told what this process has whenever it changes. */
  readonly tell: (standing: Standing) => Effect.Effect<void>
}

const numbers = (shards: ReadonlyArray<number>): string => (shards.length === 0 ? "none" : shards.join(", "))

export const run = Effect.fnUntraced(function* <R>({ group, instance, life, tell }: Options<R>) {
  const { heartbeat, join, leave, sync } = yield* KafkaGroup
  const scope = yield* Effect.scope
  const machine = Shards.make()
  const fibers = new Map<number, Fiber.Fiber<void>>()
  const ends = yield* Queue.unbounded<readonly [shard: number, end: Shards.End]>()
  const rejoin = yield* Latch.make(false)
  const between = Duration.divideUnsafe(group.sessionTimeout, HEARTBEATS)
  let memberId = ""
  let members = 1
  let state: Standing["state"] = "joining"
  let failures = 0
  let hasJoined = false

  const told = Effect.suspend(() => {
    const shards = machine.running()
    return Effect.all(
      [
        Metric.update(Telemetry.shardsOwned, shards.length),
        Metric.update(Telemetry.groupMembers, members),
        tell({ state, shards, members })
      ],
      { discard: true }
    )
  })

  let isStopping = false
  /** What the first of them has failed with that was to be stopped. */
  let fault: unknown
  const broken = (shard: number, cause: Cause.Cause<unknown>) => {
    const error = Cause.squash(cause)
    if (isStopping) fault ??= error
    return Effect.logError("A shard is let go of and has not ended well").pipe(
      Effect.annotateLogs({ shard, reason: error instanceof Error ? error.message : String(error) })
    )
  }

  // In this order, from the last one on: what is let go of may be given to others once we have left.
  yield* Effect.addFinalizer(() => (fault === undefined ? Effect.void : Effect.die(fault)))
  yield* Effect.addFinalizer(() =>
    Effect.suspend(() => (memberId === "" ? Effect.void : leave(memberId))).pipe(
      Effect.timeoutOption(LEAVE_LIMIT),
      Effect.ignore
    )
  )
  /** All end at once: each has the whole deadline. */
  const lives = yield* Scope.fork(scope, "parallel")
  yield* Effect.addFinalizer(() => Effect.sync(() => void (isStopping = true)))

  const begin = Effect.fnUntraced(function* (shard: number) {
    yield* Metric.update(Telemetry.shardsTaken, 1)
    const fiber = yield* life(shard).pipe(
      Effect.onExit((exit) =>
        Effect.andThen(
          Exit.isFailure(exit) && !Cause.hasInterruptsOnly(exit.cause) ? broken(shard, exit.cause) : Effect.void,
          Queue.offer(ends, [shard, exit._tag === "Success" ? "taken" : "left"])
        )
      ),
      Effect.exit,
      Effect.asVoid,
      Effect.forkIn(lives)
    )
    fibers.set(shard, fiber)
  })

  const letGo = (shard: number) => {
    const fiber = fibers.get(shard)
    return fiber === undefined ? Effect.void : Effect.forkIn(Fiber.interrupt(fiber), scope)
  }

  const work = Effect.fnUntraced(function* ({ rejoin: again, start, stop }: Shards.Work) {
    if (start.length > 0 || stop.length > 0) {
      yield* Effect.logInfo("The group has divided its shards").pipe(
        Effect.annotateLogs({ take: numbers(start), leave: numbers(stop), have: numbers(machine.running()), members })
      )
    }
    yield* Effect.forEach(stop, letGo, { discard: true })
    yield* Effect.forEach(start, begin, { discard: true })
    yield* told
    if (again) rejoin.openUnsafe()
  })

  yield* Queue.take(ends).pipe(
    Effect.flatMap(([shard, end]) => {
      fibers.delete(shard)
      return work(machine.ended(shard, end))
    }),
    Effect.forever,
    Effect.forkScoped
  )

  const beat = (joined: Joined) =>
    heartbeat(joined).pipe(
      // It may come back, and know us.
      Effect.catchIf(
        ({ kind }) => kind === "Unreachable",
        (error) => Effect.logDebug("The group does not answer").pipe(Effect.annotateLogs({ reason: error.message }))
      ),
      Effect.delay(between),
      Effect.forever
    )

  const session = Effect.gen(function* () {
    rejoin.closeUnsafe()
    const joined = yield* join(memberId, { ...machine.claim(), instance })
    memberId = joined.memberId
    const share = yield* sync(joined, joined.members === undefined ? new Map() : assign(joined.members, group.shards))
    failures = 0
    hasJoined = true
    state = "member"
    members = share.members
    yield* Metric.update(Telemetry.rebalances, 1)
    yield* work(machine.assigned(share.shards, joined.generation))
    yield* Effect.raceFirst(rejoin.await, beat(joined))
  })

  const troubled = Effect.fnUntraced(function* (error: GroupError) {
    if (error.kind === "Forgotten") memberId = ""
    if (error.kind === "Denied" && !hasJoined) return yield* error
    if (error.kind === "Anew" || error.kind === "Forgotten") {
      yield* Effect.logDebug("Joining the group anew").pipe(Effect.annotateLogs({ reason: error.message }))
      return
    }
    if (failures++ === 0) {
      yield* Effect.logWarning("The group cannot be joined: trying again; what runs goes on").pipe(
        Effect.annotateLogs({ reason: error.message })
      )
    }
    yield* Effect.sleep(backoff(failures, yield* Random.next))
  })

  yield* told
  return yield* Effect.forever(Effect.catch(session, troubled))
}, Effect.scoped)
