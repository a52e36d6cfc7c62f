import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Option } from "effect"
import { faultsOf, settingsFrom } from "../../support/settingsFrom.ts"

describe("a group", () => {
  it.effect("is none where GROUP_ID is not set, whatever else is", () =>
    Effect.gen(function* () {
      const { group, kafka, spool } = yield* settingsFrom({ SHARDS: "3" })
      assert.isTrue(Option.isNone(group))
      assert.strictEqual(kafka.acks, "1")
      assert.strictEqual(spool.mode, "auto")
    })
  )

  it.effect("has numbered batches and no spool, and the settings say so", () =>
    Effect.gen(function* () {
      const { group, kafka, shown, spool } = yield* settingsFrom({ GROUP_ID: "g" })
      assert.deepStrictEqual(group, Option.some({ id: "g", shards: 12, sessionTimeout: Duration.seconds(10) }))
      assert.strictEqual(kafka.acks, "all")
      assert.strictEqual(spool.mode, "off")
      assert.deepInclude(shown, { KAFKA_ACKS: "all", SPOOL: "off", SHARDS: "12" })
    })
  )

  it.effect("refuses what cannot be with it", () =>
    Effect.gen(function* () {
      const written = { GROUP_ID: "g", KAFKA_ACKS: "1", SPOOL: "auto", SINK: "local", SHARDS: "0" }
      const faults = yield* faultsOf(settingsFrom(written))
      assert.sameMembers(
        faults.map((fault) => fault.split("=", 1).join("")),
        ["KAFKA_ACKS", "SPOOL", "SINK", "SHARDS"]
      )
      assert.include(faults.join("\n"), "KAFKA_ACKS=1: with GROUP_ID it has to be all")
    })
  )
})
