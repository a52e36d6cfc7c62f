/**
 * A consumer group's coordinator, as a member sees it: who is in the group, who leads it, and what the leader gives to whom. What
 * is divided are shards, numbered from 0. Layers: `KafkaJs` and `Platformatic`; `MemoryKafkaGroup` for tests.
 */
import { Context, type Effect, Schema } from "effect"

/**
 * - `Anew`: the group has gone on; join again.
 * - `Forgotten`: the group does not know this member (any more); join as a new one.
 * - `Unreachable`: nobody has answered, or not the coordinator; try again.
 * - `Denied`: rights, or settings that do not fit the group's; needs a person.
 */
export class GroupError extends Schema.TaggedError<GroupError>()("GroupError", {
  kind: Schema.Literals(["Anew", "Forgotten", "Unreachable", "Denied"]),
  /** For the operator. */
  message: Schema.String
}) {}

/** What a member says when it joins. */
export interface Claim {
  /** Of these it has not let go. */
  readonly owned: ReadonlyArray<number>
  /** In which they were given to it; -1: none. */
  readonly generation: number
  /** Which process it is: `Instance`. */
  readonly instance: string
}

export interface Member extends Claim {
  readonly memberId: string
}

export interface Joined {
  readonly memberId: string
  readonly generation: number
  /** All of the group, where this member leads it. */
  readonly members: ReadonlyArray<Member> | undefined
}

/** By member id. */
export type Assignment = ReadonlyMap<string, ReadonlyArray<number>>

/** What one member is given. */
export interface Share {
  readonly shards: ReadonlyArray<number>
  /** How many there are. */
  readonly members: number
}

export interface DescribedMember {
  readonly instance: string
  /** Where it is, as the broker sees it. */
  readonly host: string
  readonly shards: ReadonlyArray<number>
}

export interface DescribedGroup {
  /** As the coordinator calls it: `Stable`, `PreparingRebalance`, `Empty`, ... */
  readonly state: string
  readonly members: ReadonlyArray<DescribedMember>
}

export class KafkaGroup extends Context.Service<
  KafkaGroup,
  {
    /** Completes when all members have joined; the empty id is a new member's. */
    readonly join: (memberId: string, claim: Claim) => Effect.Effect<Joined, GroupError>
    /** Gives the leader's assignment to the group (of the others it is empty), and takes this member's part of it. */
    readonly sync: (joined: Joined, assignment: Assignment) => Effect.Effect<Share, GroupError>
    readonly heartbeat: (joined: Joined) => Effect.Effect<void, GroupError>
    /** The others need not wait for its session to end. */
    readonly leave: (memberId: string) => Effect.Effect<void, GroupError>
    readonly describe: Effect.Effect<DescribedGroup, GroupError>
  }
>()("binance-kafka/services/KafkaGroup") {}
