/** What coordinators are asked, in kafkajs's forms. */
import type apiKeys from "kafkajs/src/protocol/requests/apiKeys.js"
import { type Definition, requests } from "kafkajs/src/protocol/requests/index.js"
import type { GroupAnswer, GroupRequests, TransactionRequests } from "../wire/coordination.ts"

const COORDINATOR_TYPES = { group: 0, transaction: 1 } as const
const EMPTY = Buffer.alloc(0)

type Ask = <I, O>(api: keyof typeof apiKeys, definition: Definition<I, O>, input: I) => Promise<O>

const unknown: GroupAnswer = { errorCode: 0, state: "Dead", members: [] }

export const coordinationOf = (ask: Ask): GroupRequests & TransactionRequests => ({
  findCoordinator: async (kind, key) => {
    const question = { groupId: key, coordinatorType: COORDINATOR_TYPES[kind] }
    const { coordinator, errorCode } = await ask("GroupCoordinator", requests.GroupCoordinator, question)
    return { ...coordinator, errorCode }
  },

  joinGroup: async ({ metadata, protocol, ...request }) => {
    const question = { ...request, groupProtocols: [{ name: protocol, metadata }] }
    const answer = await ask("JoinGroup", requests.JoinGroup, question)
    return {
      errorCode: answer.errorCode,
      generation: answer.generationId,
      memberId: answer.memberId,
      leader: answer.leaderId,
      members: answer.members.map(({ memberId, memberMetadata }) => ({ memberId, metadata: memberMetadata ?? EMPTY }))
    }
  },

  syncGroup: async ({ assignments, generation, groupId, memberId }) => {
    const groupAssignment = assignments.map(({ assignment, memberId }) => ({ memberId, memberAssignment: assignment }))
    const question = { groupId, generationId: generation, memberId, groupAssignment }
    const { errorCode, memberAssignment } = await ask("SyncGroup", requests.SyncGroup, question)
    return { errorCode, assignment: memberAssignment }
  },

  heartbeat: async ({ generation, groupId, memberId }) => {
    const question = { groupId, groupGenerationId: generation, memberId, groupInstanceId: null }
    return (await ask("Heartbeat", requests.Heartbeat, question)).errorCode
  },

  leaveGroup: async (member) => (await ask("LeaveGroup", requests.LeaveGroup, member)).errorCode,

  describeGroup: async (groupId) => {
    const { groups } = await ask("DescribeGroups", requests.DescribeGroups, { groupIds: [groupId] })
    const [group] = groups
    if (group === undefined) return unknown
    const { errorCode, members, state } = group
    return {
      errorCode,
      state,
      members: members.map(({ memberAssignment, memberMetadata, ...member }) => ({
        ...member,
        metadata: memberMetadata ?? EMPTY,
        assignment: memberAssignment ?? EMPTY
      }))
    }
  },

  addPartitionsToTransaction: async ({ producerEpoch, producerId, transactionalId }, partitions) => {
    const topics = Array.from(
      Map.groupBy(partitions, ({ topic }) => topic),
      ([topic, all]) => ({ topic, partitions: all.map(({ partition }) => partition) })
    )
    const question = { transactionalId, producerId: String(producerId), producerEpoch, topics }
    const { errors } = await ask("AddPartitionsToTxn", requests.AddPartitionsToTxn, question)
    return errors.flatMap(({ partitionErrors, topic }) => partitionErrors.map((one) => ({ ...one, topic })))
  },

  endTransaction: async ({ producerEpoch, producerId, transactionalId }, commit) => {
    const question = { transactionalId, producerId: String(producerId), producerEpoch, transactionResult: commit }
    return (await ask("EndTxn", requests.EndTxn, question)).errorCode
  }
})
