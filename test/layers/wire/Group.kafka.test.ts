import { assert, it } from "@effect/vitest"
import { Context, Duration, Effect, Fiber, Layer, Option, Schedule } from "effect"
import * as KafkaClients from "../../../src/layers/KafkaClients.ts"
import { assign } from "../../../src/pipeline/shards/assign.ts"
import { type GroupSettings, kafkaClients } from "../../../src/schema/Settings.ts"
import { type Joined, KafkaGroup } from "../../../src/services/KafkaGroup.ts"
import { describeKafka, kafkaBootstrap } from "../../support/kafka/describeKafka.ts"
import { settingsLayer, testSettings } from "../../support/settings.ts"

const SHARDS = 6
const SESSION = Duration.seconds(6)

type Client = (typeof kafkaClients)[number]

const member = Effect.fnUntraced(function* (client: Client, group: GroupSettings) {
  const kafka = { ...testSettings().kafka, client, bootstrapServers: [kafkaBootstrap], acks: "all" as const }
  const layer = KafkaClients.grouped(group).pipe(Layer.provide(settingsLayer({ kafka, group: Option.some(group) })))
  return Context.get(yield* Layer.build(layer), KafkaGroup)
})

type Member = Effect.Success<ReturnType<typeof member>>

/** Joins and takes its share; as often as the group goes on meanwhile, and as a broker that has just started needs. */
const take = (group: Member, instance: string, before?: Joined, owned: ReadonlyArray<number> = []) => {
  let memberId = before?.memberId ?? ""
  return Effect.gen(function* () {
    const joined = yield* group.join(memberId, { owned, generation: before?.generation ?? -1, instance })
    memberId = joined.memberId
    const assignment = joined.members === undefined ? new Map() : assign(joined.members, SHARDS)
    return { joined, share: yield* group.sync(joined, assignment) }
  }).pipe(Effect.retry({ while: ({ kind }) => kind !== "Denied", schedule: Schedule.spaced("100 millis") }))
}

const kindOf = <A, E extends { readonly kind: string }>(effect: Effect.Effect<A, E>) =>
  Effect.match(effect, { onFailure: ({ kind }) => kind, onSuccess: () => "ok" })

describeKafka("a group", () => {
  it.live.each(kafkaClients)("over %s gives its shards to whoever is there", (client) =>
    Effect.gen(function* () {
      const settings = { id: `group-${crypto.randomUUID()}`, shards: SHARDS, sessionTimeout: SESSION }
      const [one, other] = [yield* member(client, settings), yield* member(client, settings)]
      const alone = yield* take(one, "one")
      assert.deepStrictEqual(alone.share, { shards: [0, 1, 2, 3, 4, 5], members: 1 })
      yield* one.heartbeat(alone.joined)

      // The first one is told by its heartbeat, and gives back what is too much.
      const second = yield* Effect.forkChild(take(other, "other"))
      yield* Effect.repeat(kindOf(one.heartbeat(alone.joined)), {
        until: (kind) => kind === "Anew",
        schedule: Schedule.spaced("50 millis")
      })
      const less = yield* take(one, "one", alone.joined, alone.share.shards)
      assert.deepStrictEqual(less.share, { shards: [0, 1, 2], members: 2 })
      const waiting = yield* Fiber.join(second)
      assert.deepStrictEqual(waiting.share, { shards: [], members: 2 })

      const again = yield* Effect.forkChild(take(one, "one", less.joined, less.share.shards))
      const given = yield* take(other, "other", waiting.joined, [])
      assert.deepStrictEqual((yield* Fiber.join(again)).share.shards, [0, 1, 2])
      assert.deepStrictEqual(given.share.shards, [3, 4, 5])
      const { members, state } = yield* one.describe
      assert.strictEqual(state, "Stable")
      assert.deepStrictEqual(
        members.map(({ instance, shards }) => [instance, shards] as const).toSorted(([a], [b]) => (a < b ? -1 : 1)),
        [
          ["one", [0, 1, 2]],
          ["other", [3, 4, 5]]
        ]
      )

      // Who leaves is not waited for; who is silent is, as long as its session lasts.
      yield* other.leave(given.joined.memberId)
      assert.strictEqual(yield* kindOf(other.heartbeat(given.joined)), "Forgotten")
      const rest = yield* take(one, "one", less.joined, [0, 1, 2])
      assert.deepStrictEqual(rest.share, { shards: [0, 1, 2, 3, 4, 5], members: 1 })
    })
  )

  it.live.each(kafkaClients)("over %s takes nobody that counts shards otherwise, nor too short a session", (client) =>
    Effect.gen(function* () {
      const id = `group-${crypto.randomUUID()}`
      const one = yield* member(client, { id, shards: SHARDS, sessionTimeout: SESSION })
      yield* take(one, "one")
      const other = yield* member(client, { id, shards: SHARDS + 1, sessionTimeout: SESSION })
      const error = yield* Effect.flip(other.join("", { owned: [], generation: -1, instance: "other" }))
      assert.strictEqual(error.kind, "Denied")
      assert.include(error.message, "SHARDS")
      const hasty = yield* member(client, { id: `${id}-2`, shards: SHARDS, sessionTimeout: Duration.seconds(1) })
      const late = yield* Effect.flip(
        hasty
          .join("", { owned: [], generation: -1, instance: "hasty" })
          .pipe(Effect.retry({ while: ({ kind }) => kind === "Unreachable", schedule: Schedule.spaced("100 millis") }))
      )
      assert.include(late.message, "GROUP_SESSION_SECONDS")
    })
  )
})
