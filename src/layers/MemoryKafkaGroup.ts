/**
 * A coordinator in memory, for tests: as Kafka's, it waits for all members to join again whenever the group changes, and takes a
 * member for gone that is silent for the session time-out.
 */
import { Clock, Context, Deferred, Duration, Effect, Layer } from "effect"
import {
  type Assignment,
  type Claim,
  GroupError,
  type Joined,
  KafkaGroup,
  type Member,
  type Share
} from "../services/KafkaGroup.ts"

interface Known {
  claim: Claim
  /** Not taken for gone before this time, Unix ms. */
  until: number
  /** Waits for the others. */
  joining: Deferred.Deferred<Joined, GroupError> | undefined
  /** Waits for the leader. */
  syncing: Deferred.Deferred<Share, GroupError> | undefined
}

export interface Options {
  readonly sessionTimeout: Duration.Duration
}

/** The other side: for tests that play with it. */
export class MemoryCoordinator extends Context.Service<
  MemoryCoordinator,
  {
    /** While it is down nobody is answered. */
    readonly down: (isDown: boolean) => Effect.Effect<void>
    readonly generation: Effect.Effect<number>
  }
>()("binance-kafka/layers/MemoryKafkaGroup/MemoryCoordinator") {}

const anew = new GroupError({ kind: "Anew", message: "the group is dividing its work anew" })
const forgotten = new GroupError({ kind: "Forgotten", message: "the group does not know this member" })
const unreachable = new GroupError({ kind: "Unreachable", message: "the coordinator is down" })

const LOOK_EVERY = Duration.millis(100)

const make = Effect.fnUntraced(function* ({ sessionTimeout }: Options) {
  const session = Duration.toMillis(sessionTimeout)
  const members = new Map<string, Known>()
  let generation = 0
  let named = 0
  /** Since when members are waited for, Unix ms; undefined: they are not. */
  let preparingSince: number | undefined
  let assignment: Assignment | undefined
  let isDown = false

  const prepare = (now: number): void => {
    if (preparingSince !== undefined) return
    preparingSince = now
    for (const member of members.values()) {
      if (member.syncing !== undefined) Deferred.doneUnsafe(member.syncing, Effect.fail(anew))
      member.syncing = undefined
    }
  }

  const complete = (): void => {
    preparingSince = undefined
    assignment = undefined
    generation++
    const all: ReadonlyArray<Member> = Array.from(members, ([memberId, { claim }]) => ({ memberId, ...claim }))
    const [leader] = members.keys()
    for (const [memberId, member] of members) {
      const told = memberId === leader ? all : undefined
      if (member.joining !== undefined) {
        Deferred.doneUnsafe(member.joining, Effect.succeed({ memberId, generation, members: told }))
      }
      member.joining = undefined
    }
  }

  const look = Effect.gen(function* () {
    const now = yield* Clock.currentTimeMillis
    if (isDown) return
    for (const [memberId, member] of members) {
      const isLate = member.joining === undefined && preparingSince !== undefined && now - preparingSince >= session
      if ((member.until < now && member.joining === undefined) || isLate) {
        members.delete(memberId)
        prepare(now)
      }
    }
    const waits = [...members.values()].every(({ joining }) => joining !== undefined)
    if (preparingSince !== undefined && waits) complete()
  })
  yield* Effect.forkScoped(Effect.forever(Effect.delay(look, LOOK_EVERY)))

  const reachable = <A>(effect: Effect.Effect<A, GroupError>) =>
    Effect.suspend(() => (isDown ? Effect.fail(unreachable) : effect))

  const known = Effect.fnUntraced(function* (memberId: string) {
    const member = members.get(memberId)
    if (member === undefined) return yield* forgotten
    member.until = (yield* Clock.currentTimeMillis) + session
    return member
  })

  const current = Effect.fnUntraced(function* (joined: Joined) {
    const member = yield* known(joined.memberId)
    if (preparingSince !== undefined || joined.generation !== generation) return yield* anew
    return member
  })

  const group = KafkaGroup.of({
    join: (asked, claim) =>
      reachable(
        Effect.gen(function* () {
          const now = yield* Clock.currentTimeMillis
          const memberId = asked === "" ? `member-${++named}` : asked
          if (asked === "") members.set(memberId, { claim, until: 0, joining: undefined, syncing: undefined })
          const member = yield* known(memberId)
          member.claim = claim
          const joining = Deferred.makeUnsafe<Joined, GroupError>()
          member.joining = joining
          prepare(now)
          const givesUp = Effect.sync(() => void (member.joining = undefined))
          return yield* Effect.onInterrupt(Deferred.await(joining), () => givesUp)
        })
      ),
    sync: (joined, given) =>
      reachable(
        Effect.gen(function* () {
          const member = yield* current(joined)
          if (joined.members !== undefined) {
            assignment = given
            for (const [memberId, one] of members) {
              const share = { shards: given.get(memberId) ?? [], members: given.size }
              if (one.syncing !== undefined) Deferred.doneUnsafe(one.syncing, Effect.succeed(share))
              one.syncing = undefined
            }
          }
          if (assignment !== undefined)
            return { shards: assignment.get(joined.memberId) ?? [], members: assignment.size }
          const syncing = Deferred.makeUnsafe<Share, GroupError>()
          member.syncing = syncing
          return yield* Deferred.await(syncing)
        })
      ),
    heartbeat: (joined) => reachable(Effect.asVoid(current(joined))),
    leave: (memberId) =>
      reachable(
        Effect.gen(function* () {
          if (members.delete(memberId)) prepare(yield* Clock.currentTimeMillis)
        })
      ),
    describe: reachable(
      Effect.sync(() => ({
        state: preparingSince === undefined ? "Stable" : "PreparingRebalance",
        members: Array.from(members, ([memberId, { claim }]) => ({
          instance: claim.instance,
          host: "127.0.0.1",
          shards: assignment?.get(memberId) ?? []
        }))
      }))
    )
  })

  return Context.make(KafkaGroup, group).pipe(
    Context.add(
      MemoryCoordinator,
      MemoryCoordinator.of({
        down: (now) => Effect.sync(() => void (isDown = now)),
        generation: Effect.sync(() => generation)
      })
    )
  )
})

export const layerWith = (options: Options): Layer.Layer<KafkaGroup | MemoryCoordinator> =>
  Layer.effectContext(make(options))
