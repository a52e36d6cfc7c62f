import { assert, describe, it } from "@effect/vitest"
import { mostTelling, ofCode } from "../../../src/layers/wire/errors.ts"
import { KafkaError } from "../../../src/services/KafkaDriver.ts"

type Kind = KafkaError["kind"]

const codes: ReadonlyArray<readonly [code: number, kind: Kind, says: string]> = [
  [-1, "Doubt", "UNKNOWN"],
  [2, "Busy", "CORRUPT_MESSAGE"],
  [3, "MissingTopic", "UNKNOWN_TOPIC_OR_PARTITION"],
  [5, "Busy", "LEADER_NOT_AVAILABLE"],
  [6, "Moved", "NOT_LEADER_FOR_PARTITION"],
  [7, "Doubt", "REQUEST_TIMED_OUT"],
  [10, "Refused", "MESSAGE_TOO_LARGE"],
  [13, "Doubt", "NETWORK_EXCEPTION"],
  [14, "Busy", "LOAD_IN_PROGRESS"],
  [17, "Refused", "letters, digits"],
  [18, "Refused", "RECORD_LIST_TOO_LARGE"],
  [19, "Busy", "NOT_ENOUGH_REPLICAS"],
  [20, "Doubt", "NOT_ENOUGH_REPLICAS_AFTER_APPEND"],
  [29, "Denied", "KAFKA_SASL_USERNAME"],
  [31, "Denied", "KAFKA_SASL_USERNAME"],
  [32, "Refused", "INVALID_TIMESTAMP"],
  [33, "Denied", "KAFKA_SASL_MECHANISM"],
  [34, "Denied", "KAFKA_SASL_MECHANISM"],
  [37, "Refused", "TOPIC_PARTITIONS"],
  [38, "Refused", "TOPIC_REPLICATION_FACTOR"],
  [41, "Busy", "NOT_CONTROLLER"],
  [44, "Refused", "POLICY_VIOLATION"],
  [45, "Disputed", "OUT_OF_ORDER_SEQUENCE_NUMBER"],
  [47, "Disputed", "INVALID_PRODUCER_EPOCH"],
  [56, "Doubt", "KAFKA_STORAGE_ERROR"],
  [58, "Denied", "KAFKA_SASL_PASSWORD"],
  [59, "Disputed", "UNKNOWN_PRODUCER_ID"],
  [74, "Moved", "FENCED_LEADER_EPOCH"],
  [76, "Denied", "KAFKA_COMPRESSION"],
  [87, "Refused", "INVALID_RECORD"],
  [89, "Busy", "THROTTLING_QUOTA_EXCEEDED"],
  [90, "Disputed", "PRODUCER_FENCED"],
  [100, "MissingTopic", "topic id"],
  [999, "Busy", "error code 999"]
]

describe("ofCode", () => {
  it.each(codes)("takes %i for %s and says %s", (code, kind, says) => {
    const error = ofCode(code)
    assert.strictEqual(error.kind, kind)
    assert.include(error.message, says)
  })

  it("prefers what the broker says of it", () => {
    assert.include(ofCode(44, "no topics on Sundays").message, "POLICY_VIOLATION: no topics on Sundays")
  })
})

describe("mostTelling", () => {
  it("prefers what needs a person to what heals by itself", () => {
    const error = (kind: Kind) => new KafkaError({ kind, message: kind })
    assert.strictEqual(mostTelling([error("Unreachable"), error("Denied"), error("Unreachable")])?.kind, "Denied")
    assert.strictEqual(mostTelling([error("Unreachable"), error("Busy")])?.kind, "Busy")
    assert.isUndefined(mostTelling([]))
  })
})
