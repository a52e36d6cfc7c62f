/** The requests that a broker answers as a coordinator: of a group, or of a transactional id. */
import type { Address } from "./Address.ts"
import type { Producer } from "./Producer.ts"

export type CoordinatorKind = "group" | "transaction"

export interface JoinRequest {
  readonly groupId: string
  /** Of silence, after which the coordinator takes a member for gone, ms. */
  readonly sessionTimeout: number
  /** How long the coordinator waits for members to join again, ms. */
  readonly rebalanceTimeout: number
  /** Empty: a new one. */
  readonly memberId: string
  readonly protocolType: string
  /** Members that have none in common cannot be in one group. */
  readonly protocol: string
  readonly metadata: Buffer
}

export interface JoinAnswer {
  readonly errorCode: number
  readonly generation: number
  readonly memberId: string
  /** The leader's member id. */
  readonly leader: string
  /** Told to the leader alone. */
  readonly members: ReadonlyArray<{ readonly memberId: string; readonly metadata: Buffer }>
}

/** A member in a generation of its group. */
export interface Membership {
  readonly groupId: string
  readonly generation: number
  readonly memberId: string
}

export interface SyncRequest extends Membership {
  readonly protocolType: string
  readonly protocol: string
  /** The leader's; of the others none. */
  readonly assignments: ReadonlyArray<{ readonly memberId: string; readonly assignment: Buffer }>
}

export interface GroupAnswer {
  readonly errorCode: number
  /** As the coordinator calls it: `Stable`, `PreparingRebalance`, `Empty`, ... */
  readonly state: string
  readonly members: ReadonlyArray<{
    readonly memberId: string
    readonly clientId: string
    readonly clientHost: string
    readonly metadata: Buffer
    readonly assignment: Buffer
  }>
}

export interface GroupRequests {
  readonly findCoordinator: (
    kind: CoordinatorKind,
    key: string
  ) => Promise<Address & { readonly errorCode: number; readonly nodeId: number }>
  /** Answered when all have joined, or the time for it is over. */
  readonly joinGroup: (request: JoinRequest) => Promise<JoinAnswer>
  /** Answered when the leader has assigned. */
  readonly syncGroup: (
    request: SyncRequest
  ) => Promise<{ readonly errorCode: number; readonly assignment: Buffer | null }>
  readonly heartbeat: (member: Membership) => Promise<number>
  readonly leaveGroup: (member: Pick<Membership, "groupId" | "memberId">) => Promise<number>
  readonly describeGroup: (groupId: string) => Promise<GroupAnswer>
}

/** A producer that has its numbers by a transactional id. */
export interface TransactionalProducer extends Producer {
  readonly transactionalId: string
}

export interface TransactionRequests {
  readonly addPartitionsToTransaction: (
    producer: TransactionalProducer,
    partitions: ReadonlyArray<{ readonly topic: string; readonly partition: number }>
  ) => Promise<ReadonlyArray<{ readonly topic: string; readonly partition: number; readonly errorCode: number }>>
  readonly endTransaction: (producer: TransactionalProducer, commit: boolean) => Promise<number>
}
