/** Of the part that this process takes in its group. */
import { counter, gauge } from "./declare.ts"

export const shardsOwned = gauge("binance_kafka_shards_owned", "Shards that this process runs, with GROUP_ID")
export const groupMembers = gauge("binance_kafka_group_members", "Processes in the group, with GROUP_ID")
export const rebalances = counter("binance_kafka_rebalances_total", "How often the group has divided its shards")
export const shardsTaken = counter("binance_kafka_shards_taken_total", "Shards that this process has begun to run")
export const shardsFenced = counter(
  "binance_kafka_shards_fenced_total",
  "Shards that another process had taken over before this one knew it"
)
export const shardFailures = counter(
  "binance_kafka_shard_failures_total",
  "How often a shard has ended by an error and was begun anew"
)
