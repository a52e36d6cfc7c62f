/** The group's coordinator over the connections of a client library. */
import { Duration, Effect } from "effect"
import type { GroupSettings } from "../../schema/Settings.ts"
import type { MarketName } from "../../schema/StreamKind.ts"
import { GroupError, type Joined, KafkaGroup } from "../../services/KafkaGroup.ts"
import type { KafkaError } from "../../services/KafkaDriver.ts"
import type { Cluster } from "./Cluster.ts"
import { MEMBER_ID_REQUIRED } from "./codes.ts"
import type { Connection } from "./Connection.ts"
import { decodeAssignment, decodeClaim, encodeAssignment, encodeClaim } from "./consumerProtocol.ts"
import { ofCode } from "./errors.ts"
import type { Link } from "./Link.ts"

const REQUEST_LIMIT = Duration.seconds(5)
/** What an answer may take beyond the time that the coordinator waits for others. */
const BEYOND = Duration.seconds(5)

const PROTOCOL_TYPE = "consumer"

const FORGOTTEN = new Set(["UNKNOWN_MEMBER_ID", "FENCED_INSTANCE_ID"])

const ofError = ({ code = "", kind, message }: KafkaError): GroupError => {
  if (FORGOTTEN.has(code)) return new GroupError({ kind: "Forgotten", message })
  if (kind === "Moved") return new GroupError({ kind: "Anew", message })
  return new GroupError({ kind: kind === "Denied" ? "Denied" : "Unreachable", message })
}

export const make = (
  cluster: Cluster,
  { market, topic }: { readonly market: MarketName; readonly topic: string },
  { id: groupId, sessionTimeout, shards }: GroupSettings
) => {
  // Members that count shards differently would give away the same one twice; those of another market have other streams.
  const protocol = `${market}-shards-${shards}`
  const isShard = (shard: number): boolean => Number.isInteger(shard) && shard >= 0 && shard < shards

  /** The coordinator, as long as it says that it is. */
  let known: Link | undefined
  const coordinator = Effect.suspend(() =>
    known?.isReady() === true
      ? Effect.succeed(known)
      : Effect.tap(cluster.coordinator("group", groupId), (link) => Effect.sync(() => void (known = link)))
  )

  const ask = <A>(request: (connection: Connection) => Promise<A>, limit = REQUEST_LIMIT) =>
    Effect.flatMap(coordinator, (link) => link.ask(request, limit))

  const checked = (errorCode: number) =>
    Effect.suspend(() => {
      if (errorCode === 0) return Effect.void
      const error = ofCode(errorCode, `group ${groupId}`)
      if (error.kind === "Busy") known = undefined
      return Effect.fail(error)
    })

  const waiting = Duration.sum(sessionTimeout, BEYOND)

  const memberOf = ({ generation, memberId }: Joined) => ({ groupId, generation, memberId })

  return KafkaGroup.of({
    join: (known, claim) => {
      const join = Effect.fnUntraced(function* (memberId: string) {
        const request = {
          groupId,
          sessionTimeout: Duration.toMillis(sessionTimeout),
          rebalanceTimeout: Duration.toMillis(sessionTimeout),
          memberId,
          protocolType: PROTOCOL_TYPE,
          protocol,
          metadata: encodeClaim(topic, claim)
        }
        return yield* ask((connection) => connection.joinGroup(request), waiting)
      })
      return Effect.gen(function* () {
        const first = yield* join(known)
        const answer = first.errorCode === MEMBER_ID_REQUIRED ? yield* join(first.memberId) : first
        yield* checked(answer.errorCode)
        const { generation, leader, memberId, members } = answer
        const all = members.map((one) => ({ memberId: one.memberId, ...decodeClaim(one.metadata) }))
        return { generation, memberId, members: leader === memberId ? all : undefined }
      }).pipe(Effect.mapError(ofError))
    },

    sync: (joined, assignment) =>
      Effect.gen(function* () {
        const assignments = Array.from(assignment, ([memberId, some]) => ({
          memberId,
          assignment: encodeAssignment(topic, { shards: some, members: assignment.size })
        }))
        const request = { ...memberOf(joined), protocolType: PROTOCOL_TYPE, protocol, assignments }
        const answer = yield* ask((connection) => connection.syncGroup(request), waiting)
        yield* checked(answer.errorCode)
        const { members, shards } = decodeAssignment(answer.assignment)
        return { members, shards: shards.filter(isShard) }
      }).pipe(Effect.mapError(ofError)),

    heartbeat: (joined) =>
      ask((connection) => connection.heartbeat(memberOf(joined))).pipe(
        Effect.flatMap(checked),
        Effect.mapError(ofError)
      ),

    leave: (memberId) =>
      ask((connection) => connection.leaveGroup({ groupId, memberId })).pipe(
        Effect.flatMap(checked),
        Effect.mapError(ofError)
      ),

    describe: Effect.gen(function* () {
      const { errorCode, members, state } = yield* ask((connection) => connection.describeGroup(groupId))
      yield* checked(errorCode)
      return {
        state,
        members: members.map(({ assignment, clientHost, metadata }) => ({
          instance: decodeClaim(metadata).instance,
          host: clientHost.replace(/^\//, ""),
          shards: decodeAssignment(assignment).shards.filter(isShard)
        }))
      }
    }).pipe(Effect.mapError(ofError))
  })
}
