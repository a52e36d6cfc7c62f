import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { dns } from "../../src/check/dns.ts"
import { testSettings } from "../support/settings.ts"

describe("check: DNS", () => {
  it.live("looks each name up once, and names the variable of one that is not there", () =>
    Effect.gen(function* () {
      const { kafka } = testSettings()
      const bootstrapServers = ["localhost:1", "localhost:2", "127.0.0.1:3", "[::1]:4", "nowhere.invalid:9092"]
      const found = yield* dns(testSettings({ kafka: { ...kafka, bootstrapServers } })).findings
      assert.lengthOf(found, 2)
      assert.match(found[0]?.says ?? "", /^localhost is (127\.0\.0\.1|::1)/)
      assert.strictEqual(found[1]?.status, "failed")
      assert.match(found[1]?.says ?? "", /^nowhere\.invalid has no address \(\w+\): correct KAFKA_BOOTSTRAP_SERVERS/)
    })
  )

  it.live("names every variable that has the name", () =>
    Effect.gen(function* () {
      const { binance } = testSettings()
      const wrong = {
        ...binance,
        wsUrls: [new URL("wss://nowhere.invalid/stream")] as const,
        restUrls: [new URL("https://nowhere.invalid")] as const
      }
      const found = yield* dns(testSettings({ binance: wrong, sink: "local" })).findings
      assert.lengthOf(found, 1)
      assert.include(found[0]?.says, "correct BINANCE_WS_URL and BINANCE_REST_URL, or look at this machine's DNS")
    })
  )
})
