/** What a process in a group has of Kafka, over the same connections. */
import { Context, Effect } from "effect"
import type { GroupSettings } from "../../schema/Settings.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import { FencedKafka } from "../../services/FencedKafka.ts"
import { KafkaDriver } from "../../services/KafkaDriver.ts"
import { KafkaGroup } from "../../services/KafkaGroup.ts"
import type { Connect } from "./Connection.ts"
import * as Driver from "./Driver.ts"
import * as Fence from "./Fence.ts"
import * as Group from "./Group.ts"
import * as Sequences from "./Sequences.ts"

export const make = Effect.fnUntraced(function* (connect: Connect, group: GroupSettings) {
  const { binance, topics } = yield* AppConfig
  const place = { market: binance.market.name, topic: topics.shards }
  const client = yield* Driver.client(connect)
  const driver = yield* Driver.over(client, yield* Sequences.make(client.cluster))
  return Context.make(KafkaDriver, driver).pipe(
    Context.add(FencedKafka, Fence.make(client)),
    Context.add(KafkaGroup, Group.make(client.cluster, place, group))
  )
})
