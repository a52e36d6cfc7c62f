/** A group as its coordinator knows it: which process has which shards. */
import { Data, Effect, Layer, Option } from "effect"
import type { GroupSettings } from "../schema/Settings.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { type DescribedGroup, KafkaGroup } from "../services/KafkaGroup.ts"
import { print } from "./print.ts"
import { layout } from "./table.ts"

class NoGroup extends Data.TaggedError("NoGroup")<{ readonly message: string }> {}

const NONE = "none"

/** Those that nobody has. */
const freeOf = ({ members }: DescribedGroup, shards: number): ReadonlyArray<number> => {
  const taken = new Set(members.flatMap((member) => member.shards))
  return Array.from({ length: shards }, (_, shard) => shard).filter((shard) => !taken.has(shard))
}

const numbers = (shards: ReadonlyArray<number>): string => (shards.length === 0 ? NONE : shards.join(", "))

const textOf = ({ id, shards }: GroupSettings, described: DescribedGroup): string => {
  const { members, state } = described
  const free = freeOf(described, shards)
  return [
    `${id}: ${state}, ${members.length} ${members.length === 1 ? "process" : "processes"}, ${shards} shards`,
    ...(free.length === 0 ? [] : [`Nobody has ${numbers(free)}`]),
    ...(members.length === 0
      ? []
      : [
          layout(
            ["instance", "host", "count", "shards"],
            members.map(({ host, instance, shards }) => [instance, host, String(shards.length), numbers(shards)]),
            (column) => column !== 2
          )
        ])
  ].join("\n")
}

/** 0: it is stable, and every shard has a process; 1: it is not so. */
export const status = Effect.fn("status --group")(function* (json: boolean) {
  const { group } = yield* AppConfig
  if (Option.isNone(group)) return yield* new NoGroup({ message: "GROUP_ID is not set: there is no group to ask for" })
  const { grouped } = yield* Effect.promise(() => import("../layers/KafkaClients.ts"))
  const described = yield* Effect.provide(
    Effect.flatMap(KafkaGroup, ({ describe }) => describe),
    grouped(group.value).pipe(Layer.provide(Layer.succeed(AppConfig, yield* AppConfig)))
  )
  const free = freeOf(described, group.value.shards)
  yield* print(json ? JSON.stringify({ id: group.value.id, ...described, free }) : textOf(group.value, described))
  return described.state === "Stable" && free.length === 0 ? 0 : 1
})
