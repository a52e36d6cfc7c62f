/** The error codes that brokers answer our requests with: what they are called, what they mean, what may be done about it. */
import type { KafkaError } from "../../services/KafkaDriver.ts"

export type Kind = KafkaError["kind"]
export type Verdict = readonly [kind: Kind, advice?: string]

export interface Code {
  readonly name: string
  readonly says: string
  readonly verdict: Verdict
}

const RIGHTS = "grant the account of KAFKA_SASL_USERNAME (or of the certificate) what it lacks"
export const ACCOUNT = "check KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD"
export const MECHANISM = "check KAFKA_SASL_MECHANISM"
const NO_SASL = "this port does not ask for SASL: unset KAFKA_SASL_MECHANISM, or use another port"
export const VERSION = "the broker is too old or too new for this client"

export const OFFSET_OUT_OF_RANGE = 1
export const UNKNOWN_TOPIC = 3
export const TOPIC_DENIED = 29
export const TOPIC_EXISTS = 36
/** Stored the time before, whose answer did not arrive. */
export const STORED_BEFORE = 46
export const INVALID_TXN_STATE = 48
export const OPERATION_NOT_ATTEMPTED = 55
export const MEMBER_ID_REQUIRED = 79

/** What was not stored, and is tried again. */
const BUSY: Verdict = ["Busy"]

const table: ReadonlyArray<readonly [code: number, name: string, says: string, verdict?: Verdict]> = [
  [-1, "UNKNOWN", "The server experienced an unexpected error when processing the request", ["Doubt"]],
  [1, "OFFSET_OUT_OF_RANGE", "The requested offset is not within the range of offsets maintained by the server"],
  [2, "CORRUPT_MESSAGE", "This message has failed its CRC checksum, exceeds the valid size, or is otherwise corrupt"],
  [3, "UNKNOWN_TOPIC_OR_PARTITION", "This server does not host this topic-partition", ["MissingTopic"]],
  [4, "INVALID_FETCH_SIZE", "The requested fetch size is invalid"],
  [5, "LEADER_NOT_AVAILABLE", "There is no leader for this topic-partition, as an election is under way"],
  [6, "NOT_LEADER_FOR_PARTITION", "This server is not the leader for that topic-partition", ["Moved"]],
  [7, "REQUEST_TIMED_OUT", "The request timed out", ["Doubt"]],
  [8, "BROKER_NOT_AVAILABLE", "The broker is not available"],
  [9, "REPLICA_NOT_AVAILABLE", "The replica is not available for the requested topic-partition"],
  [10, "MESSAGE_TOO_LARGE", "A message is larger than the server will accept", ["Refused"]],
  [13, "NETWORK_EXCEPTION", "The server disconnected before a response was received", ["Doubt"]],
  [14, "GROUP_LOAD_IN_PROGRESS", "The coordinator is loading"],
  [15, "GROUP_COORDINATOR_NOT_AVAILABLE", "The coordinator is not available"],
  [16, "NOT_COORDINATOR_FOR_GROUP", "This is not the correct coordinator"],
  [
    17,
    "INVALID_TOPIC_EXCEPTION",
    "The request attempted to perform an operation on an invalid topic",
    ["Refused", "a topic's name may hold letters, digits, '.', '_' and '-'"]
  ],
  [18, "RECORD_LIST_TOO_LARGE", "A batch is larger than the segments of the server", ["Refused"]],
  [19, "NOT_ENOUGH_REPLICAS", "Messages are rejected since there are fewer in-sync replicas than required"],
  [
    20,
    "NOT_ENOUGH_REPLICAS_AFTER_APPEND",
    "Messages are written to the log, but to fewer in-sync replicas than required",
    ["Doubt"]
  ],
  [21, "INVALID_REQUIRED_ACKS", "The value for the required acks is invalid", ["Denied", "check KAFKA_ACKS"]],
  [22, "ILLEGAL_GENERATION", "The group has gone on without this member", ["Moved"]],
  [
    23,
    "INCONSISTENT_GROUP_PROTOCOL",
    "The group's other members work by another protocol",
    [
      "Denied",
      "GROUP_ID is taken by something else, or by connectors of another market, or with another number of SHARDS"
    ]
  ],
  [24, "INVALID_GROUP_ID", "The group's name is not valid", ["Denied", "check GROUP_ID"]],
  [25, "UNKNOWN_MEMBER_ID", "The group does not know this member", ["Moved"]],
  [
    26,
    "INVALID_SESSION_TIMEOUT",
    "The session time-out is not within what the broker allows",
    ["Denied", "check GROUP_SESSION_SECONDS against the broker's group.min.session.timeout.ms and its max"]
  ],
  [27, "REBALANCE_IN_PROGRESS", "The group is dividing its work anew", ["Moved"]],
  [29, "TOPIC_AUTHORIZATION_FAILED", "Not authorized to access topics", ["Denied", RIGHTS]],
  [30, "GROUP_AUTHORIZATION_FAILED", "Not authorized to access the group", ["Denied", RIGHTS]],
  [31, "CLUSTER_AUTHORIZATION_FAILED", "Cluster authorization failed", ["Denied", RIGHTS]],
  [32, "INVALID_TIMESTAMP", "The timestamp of the message is out of acceptable range", ["Refused"]],
  [33, "UNSUPPORTED_SASL_MECHANISM", "The broker does not support the requested mechanism", ["Denied", MECHANISM]],
  [34, "ILLEGAL_SASL_STATE", "Request is not valid given the current SASL state", ["Denied", NO_SASL]],
  [35, "UNSUPPORTED_VERSION", "The version of API is not supported", ["Denied", VERSION]],
  [36, "TOPIC_ALREADY_EXISTS", "Topic with this name already exists"],
  [37, "INVALID_PARTITIONS", "Number of partitions is invalid", ["Refused", "check TOPIC_PARTITIONS"]],
  [
    38,
    "INVALID_REPLICATION_FACTOR",
    "Replication-factor is invalid",
    ["Refused", "TOPIC_REPLICATION_FACTOR is more than there are brokers"]
  ],
  [39, "INVALID_REPLICA_ASSIGNMENT", "Replica assignment is invalid"],
  [40, "INVALID_CONFIG", "Configuration is invalid"],
  [41, "NOT_CONTROLLER", "This is not the correct controller for this cluster"],
  [42, "INVALID_REQUEST", "The broker cannot read the request: its log says more"],
  [43, "UNSUPPORTED_FOR_MESSAGE_FORMAT", "The message format version on the broker does not support the request"],
  [44, "POLICY_VIOLATION", "Request parameters do not satisfy the configured policy", ["Refused"]],
  [45, "OUT_OF_ORDER_SEQUENCE_NUMBER", "The broker received an out of order sequence number", ["Disputed"]],
  [46, "DUPLICATE_SEQUENCE_NUMBER", "The broker received a duplicate sequence number"],
  [47, "INVALID_PRODUCER_EPOCH", "There is a newer producer with the same id", ["Disputed"]],
  [48, "INVALID_TXN_STATE", "The producer attempted an operation in an invalid state", ["Disputed"]],
  [49, "INVALID_PRODUCER_ID_MAPPING", "The producer's id is not the one that it has now", ["Disputed"]],
  [51, "CONCURRENT_TRANSACTIONS", "The transaction before has not come to its end yet"],
  [53, "TRANSACTIONAL_ID_AUTHORIZATION_FAILED", "Not authorized to use the transactional id", ["Denied", RIGHTS]],
  [54, "SECURITY_DISABLED", "Security features are disabled", ["Denied", NO_SASL]],
  [55, "OPERATION_NOT_ATTEMPTED", "The broker did not attempt to execute this operation"],
  [56, "KAFKA_STORAGE_ERROR", "Disk error when trying to access log file on the disk", ["Doubt"]],
  [57, "LOG_DIR_NOT_FOUND", "The user-specified log directory is not found in the broker config"],
  [58, "SASL_AUTHENTICATION_FAILED", "SASL Authentication failed", ["Denied", ACCOUNT]],
  [59, "UNKNOWN_PRODUCER_ID", "The broker no longer knows the producer", ["Disputed"]],
  [60, "REASSIGNMENT_IN_PROGRESS", "A partition reassignment is in progress"],
  [70, "FETCH_SESSION_ID_NOT_FOUND", "The fetch session ID was not found"],
  [71, "INVALID_FETCH_SESSION_EPOCH", "The fetch session epoch is invalid"],
  [72, "LISTENER_NOT_FOUND", "The leader has no listener like the one that metadata was asked on"],
  [74, "FENCED_LEADER_EPOCH", "The leader epoch in the request is older than the epoch on the broker", ["Moved"]],
  [75, "UNKNOWN_LEADER_EPOCH", "The leader epoch in the request is newer than the epoch on the broker", ["Moved"]],
  [
    76,
    "UNSUPPORTED_COMPRESSION_TYPE",
    "The compression of the partition is not supported",
    ["Denied", "the broker or the topic does not take KAFKA_COMPRESSION"]
  ],
  [77, "STALE_BROKER_EPOCH", "Broker epoch has changed"],
  [78, "OFFSET_NOT_AVAILABLE", "After an election the leader cannot tell yet where the partition ends"],
  [79, "MEMBER_ID_REQUIRED", "A new member joins with the id that it is given here", ["Moved"]],
  [81, "GROUP_MAX_SIZE_REACHED", "The group has as many members as the broker allows", ["Denied", "check GROUP_ID"]],
  [82, "FENCED_INSTANCE_ID", "Another member has taken this one's place", ["Moved"]],
  [87, "INVALID_RECORD", "This record has failed the validation on broker and hence be rejected", ["Refused"]],
  [89, "THROTTLING_QUOTA_EXCEEDED", "The throttling quota has been exceeded"],
  [90, "PRODUCER_FENCED", "There is a newer producer with the same id", ["Disputed"]],
  [100, "UNKNOWN_TOPIC_OR_PARTITION", "This server does not host this topic id", ["MissingTopic"]],
  [103, "UNKNOWN_TOPIC_OR_PARTITION", "The topic id is not the one of the topic", ["MissingTopic"]]
]

const byCode = new Map(
  table.map(([code, name, says, verdict = BUSY]): readonly [number, Code] => [code, { name, says, verdict }])
)

export const codeOf = (code: number): Code =>
  byCode.get(code) ?? { name: `error code ${code}`, says: "unknown", verdict: BUSY }

const byName = new Map([...byCode.values()].map(({ name, verdict }) => [name, verdict]))

/** What a client may have made an error of its own from. */
export const verdictOf = (name: string): Verdict | undefined => byName.get(name)
