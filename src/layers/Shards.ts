/** Several processes share the streams (`GROUP_ID`): what this one has of them, it runs, each shard by itself. */
import { Effect, Layer, Stream } from "effect"
import { streamsOf } from "../pipeline/shards/shardOf.ts"
import type { GroupSettings } from "../schema/Settings.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { Health } from "../services/Health.ts"
import { Instance } from "../services/Instance.ts"
import * as Streams from "../services/Streams.ts"
import * as BinanceRest from "./BinanceRest.ts"
import * as Gate from "./binance/Gate.ts"
import * as RestClient from "./binance/rest/Client.ts"
import * as KafkaClients from "./KafkaClients.ts"
import type { Outage } from "./kafka/Outage.ts"
import * as Topics from "./kafka/Topics.ts"
import * as Member from "./shards/Member.ts"
import * as Shard from "./shards/Shard.ts"
import * as ShardHealth from "./shards/ShardHealth.ts"

/** What all shards of a process share. */
export const layer = (group: GroupSettings) =>
  Layer.mergeAll(KafkaClients.grouped(group), BinanceRest.layerNoClient.pipe(Layer.provideMerge(RestClient.layer)))

/** It is the shards' to say whether records are stored. */
const quiet: Outage = { failed: () => Effect.void, stillWorks: () => true, works: () => Effect.void }

const countOf = (amount: number, what: string): string => `${amount} ${what}${amount === 1 ? "" : "s"}`

export const run = Effect.fnUntraced(function* (group: GroupSettings) {
  const { binance } = yield* AppConfig
  const { follow, now } = yield* Streams.streams
  const health = yield* Health
  const instance = yield* Instance
  let members = 1
  let last: Member.Standing | undefined

  const hasStreams = (shard: number): boolean => streamsOf(now(), shard, group.shards).length > 0

  const tell = (standing: Member.Standing) => {
    last = standing
    members = standing.members
    const { shards, state } = standing
    const isMember = state === "member"
    const share = `${countOf(shards.length, "shard")} of ${group.shards}, with ${countOf(members - 1, "other")}`
    return health.group({
      state: isMember ? "up" : "starting",
      detail: isMember ? share : `joining ${group.id}`,
      shards,
      hasStreams: shards.some(hasStreams)
    })
  }

  // A shard may get its first stream, or lose its last one.
  const { changes } = yield* follow
  yield* Effect.forkScoped(Stream.runForEach(changes, () => (last === undefined ? Effect.void : tell(last))))

  // What needs a person ends the program here; a shard would only try again.
  const topics = yield* Topics.make(quiet, () => Effect.void)
  yield* topics.start

  const gate = yield* Gate.make(binance.reconnectMaxDelay, undefined, () => members)
  const life = yield* Shard.make(group, yield* ShardHealth.make)
  return yield* Member.run({ group, instance, life, tell }).pipe(Effect.provideService(Gate.SharedGate, gate))
}, Effect.scoped)
