/** Which client speaks to Kafka; one of them wants a newer Node than the rest of the program. */
import process from "node:process"
import { kafka } from "../../schema/settings/kafka.ts"
import type { KafkaClient } from "../../schema/Settings.ts"
import type { Reading } from "./Reading.ts"

/** Of each line of Node, the first minor version that @platformatic/kafka is made for. */
const MINORS: Readonly<Record<number, number>> = { 22: 22, 24: 6 }
const NEWEST_LINE = 24

const isRecent = (node: string): boolean => {
  const [major = 0, minor = 0] = node.split(".").map(Number)
  return major > NEWEST_LINE || minor >= (MINORS[major] ?? Infinity)
}

export const client = (read: Reading, node = process.versions.node): KafkaClient => {
  const client = read.get(kafka.client)
  if (client === "platformatic" && !isRecent(node)) {
    read.refuse(kafka.client, {
      instead: `this client needs Node 22.22 or 24.6, or later; this is Node ${node}: take another Node, or KAFKA_CLIENT=kafkajs`
    })
  }
  return client
}
