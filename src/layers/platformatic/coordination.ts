/** What coordinators are asked, in the forms of @platformatic/kafka. */
import {
  addPartitionsToTxnV0,
  addPartitionsToTxnV3,
  describeGroupsV0,
  describeGroupsV5,
  endTxnV0,
  endTxnV3,
  findCoordinatorV1,
  findCoordinatorV4,
  heartbeatV0,
  heartbeatV3,
  joinGroupV2,
  joinGroupV5,
  leaveGroupV0,
  leaveGroupV3,
  syncGroupV0,
  syncGroupV3
} from "@platformatic/kafka"
import type { GroupAnswer, GroupRequests, TransactionRequests } from "../wire/coordination.ts"
import type * as Channel from "./Channel.ts"

/** The newest first. Later ones of the last two are for brokers, or begin another kind of transaction. */
const FIND_COORDINATOR = [findCoordinatorV4, findCoordinatorV1]
const JOIN_GROUP = [joinGroupV5, joinGroupV2]
const SYNC_GROUP = [syncGroupV3, syncGroupV0]
const HEARTBEAT = [heartbeatV3, heartbeatV0]
const LEAVE_GROUP = [leaveGroupV3, leaveGroupV0]
const DESCRIBE_GROUPS = [describeGroupsV5, describeGroupsV0]
const ADD_PARTITIONS = [addPartitionsToTxnV3, addPartitionsToTxnV0]
const END_TRANSACTION = [endTxnV3, endTxnV0]

const KEY_TYPES = { group: 0, transaction: 1 } as const
const NOT_AVAILABLE = 15

const unknown: GroupAnswer = { errorCode: 0, state: "Dead", members: [] }

export const coordinationOf = (ask: Channel.Channel["ask"]): GroupRequests & TransactionRequests => ({
  findCoordinator: async (kind, key) => {
    const answer = await ask(FIND_COORDINATOR, ({ api }, client) => api.async(client, KEY_TYPES[kind], [key]))
    const [found] = answer.coordinators
    return found ?? { errorCode: NOT_AVAILABLE, nodeId: -1, host: "", port: -1 }
  },

  joinGroup: async ({ groupId, memberId, metadata, protocol, protocolType, rebalanceTimeout, sessionTimeout }) => {
    const protocols = [{ name: protocol, metadata }]
    const answer = await ask(JOIN_GROUP, ({ api }, client) =>
      api.async(client, groupId, sessionTimeout, rebalanceTimeout, memberId, null, protocolType, protocols)
    )
    return {
      errorCode: answer.errorCode,
      generation: answer.generationId,
      memberId: answer.memberId ?? "",
      leader: answer.leader,
      members: answer.members.map(({ memberId, metadata }) => ({ memberId, metadata }))
    }
  },

  syncGroup: ({ assignments, generation, groupId, memberId, protocol, protocolType }) =>
    ask(SYNC_GROUP, ({ api }, client) =>
      api.async(client, groupId, generation, memberId, null, protocolType, protocol, [...assignments])
    ),

  heartbeat: async ({ generation, groupId, memberId }) =>
    (await ask(HEARTBEAT, ({ api }, client) => api.async(client, groupId, generation, memberId, null))).errorCode,

  leaveGroup: async ({ groupId, memberId }) =>
    (await ask(LEAVE_GROUP, ({ api }, client) => api.async(client, groupId, [{ memberId, groupInstanceId: null }])))
      .errorCode,

  describeGroup: async (groupId) => {
    const { groups } = await ask(DESCRIBE_GROUPS, ({ api }, client) => api.async(client, [groupId], false))
    const [group] = groups
    if (group === undefined) return unknown
    const { errorCode, groupState, members } = group
    return {
      errorCode,
      state: groupState,
      members: members.map(({ clientHost, clientId, memberAssignment, memberId, memberMetadata }) => ({
        memberId,
        clientId,
        clientHost,
        metadata: memberMetadata,
        assignment: memberAssignment
      }))
    }
  },

  addPartitionsToTransaction: async (producer, partitions) => {
    const topics = Array.from(
      Map.groupBy(partitions, ({ topic }) => topic),
      ([name, all]) => ({ name, partitions: all.map(({ partition }) => partition) })
    )
    const { producerEpoch, producerId, transactionalId } = producer
    const transaction = { transactionalId, producerId, producerEpoch, verifyOnly: false, topics }
    const answer = await ask(ADD_PARTITIONS, ({ api }, client) => api.async(client, [transaction]))
    return answer.resultsByTransaction.flatMap(({ topicResults }) =>
      topicResults.flatMap(({ name, resultsByPartition }) =>
        resultsByPartition.map(({ partitionErrorCode, partitionIndex }) => ({
          topic: name,
          partition: partitionIndex,
          errorCode: partitionErrorCode
        }))
      )
    )
  },

  endTransaction: async ({ producerEpoch, producerId, transactionalId }, commit) => {
    const answer = await ask(END_TRANSACTION, ({ api }, client) =>
      api.async(client, transactionalId, producerId, producerEpoch, commit)
    )
    return answer.errorCode
  }
})
