import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Result } from "effect"
import * as Check from "../../src/check/Check.ts"
import { checksFor } from "../../src/check/checks.ts"
import { clockFinding, patternFindings, rest, socket, symbolFindings } from "../../src/check/exchange.ts"
import type { Finding } from "../../src/check/Finding.ts"
import * as MemoryExchangeInfo from "../../src/layers/MemoryExchangeInfo.ts"
import { parseAll } from "../../src/schema/StreamPattern.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { streamNames, testSettings } from "../support/settings.ts"

const NOBODY = { wsUrl: "ws://127.0.0.1:1/stream", restUrl: "http://127.0.0.1:1" }

const settingsFor = (
  { restUrl, wsUrl }: { readonly wsUrl: string; readonly restUrl: string },
  ...streams: Array<string>
) => {
  const { binance } = testSettings()
  return testSettings({
    binance: {
      ...binance,
      wsUrls: [new URL(wsUrl)],
      restUrls: [new URL(restUrl)],
      streams: streamNames(...streams),
      connectionTimeout: Duration.seconds(5)
    }
  })
}

const told = (findings: ReadonlyArray<Finding>) => findings.map(({ status, subject }) => `${subject} ${status}`)
const says = (findings: ReadonlyArray<Finding>) => findings.map((finding) => finding.says).join("\n")

describe("check: the exchange", () => {
  it.effect("is not looked at while it is not known which market is meant", () =>
    Effect.gen(function* () {
      for (const check of checksFor(settingsFor(NOBODY, "btcusdt@trade"))) {
        if (!["dns", "socket", "rest", "broker"].includes(check.subject)) continue
        const found = yield* Check.run(check, ["BINANCE_MARKET=futures: expected spot or usdm, for example usdm"])
        assert.deepStrictEqual(told(found), [`${check.subject} skipped`])
      }
    })
  )

  it.live("finds a simulator well", () =>
    Effect.gen(function* () {
      const settings = settingsFor(yield* Simulator.make(), "btcusdt@trade", "!miniTicker@arr")
      assert.deepStrictEqual(told(yield* socket(settings).findings), ["socket ok"])
      assert.deepStrictEqual(told(yield* rest(settings).findings), ["rest ok", "clock ok", "symbols ok"])
    })
  )

  it.live("says which address does not answer, and what then cannot be seen", () =>
    Effect.gen(function* () {
      const settings = settingsFor(NOBODY, "btcusdt@trade")
      const sockets = yield* socket(settings).findings
      assert.deepStrictEqual(told(sockets), ["socket failed"])
      assert.match(says(sockets), /BINANCE_WS_URL=ws:\/\/127\.0\.0\.1:1\/stream cannot be opened: .*ECONNREFUSED/)
      const others = yield* rest(settings).findings
      assert.deepStrictEqual(told(others), ["rest failed", "symbols skipped"])
      assert.match(says(others), /BINANCE_REST_URL=http:\/\/127\.0\.0\.1:1 cannot be reached: ECONNREFUSED/)
    })
  )

  it.live("measures how far the clocks are apart", () =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const simulator = yield* Simulator.make({ start: now + 95_000 })
      const findings = yield* rest(settingsFor(simulator, "btcusdt@trade")).findings
      assert.deepStrictEqual(told(findings), ["rest ok", "clock failed", "symbols ok"])
      assert.match(says(findings), /this machine's clock is 9[3-6]\.\d s behind the exchange's: synchronise it/)
    })
  )

  it("judges a difference by what is certain of it", () => {
    assert.strictEqual(clockFinding(900, 0).status, "ok")
    assert.strictEqual(clockFinding(-1500, 600).status, "ok")
    assert.strictEqual(clockFinding(-1500, 400).status, "warning")
    assert.match(clockFinding(-1500, 400).says, /1\.5 s ahead of/)
    assert.strictEqual(clockFinding(10_500, 400).status, "failed")
  })

  it.effect("names symbols that are not there, or not trading", () =>
    Effect.gen(function* () {
      const findings = yield* symbolFindings(["BTCUSDT", "BTCUSD", "OLDUSDT"]).pipe(
        Effect.provide(MemoryExchangeInfo.layer(["BTCUSDT", "OLDUSDT"], { OLDUSDT: "BREAK" }))
      )
      assert.deepStrictEqual(told(findings), ["symbols ok", "symbols failed", "symbols warning"])
      assert.match(says(findings), /^1 of 3 are trading\nBTCUSD does not exist .*BINANCE_STREAMS.*\nOLDUSDT .*BREAK/)
    })
  )

  it.effect("says what each pattern comes to", () =>
    Effect.gen(function* () {
      const wanted = Result.getOrThrow(parseAll(["*usdt@trade", "top2:eur@ticker", "-shib*@*", "btcusdt@trade"]))
      const findings = yield* patternFindings(wanted).pipe(
        Effect.provide(MemoryExchangeInfo.layer(["BTCUSDT", "ETHUSDT", "SHIBUSDT"]))
      )
      assert.deepStrictEqual(
        findings.map(({ says, status }) => `${status} ${says}`),
        [
          "ok *usdt@trade is 2 streams",
          "failed top2:eur@ticker: nothing that is traded for EUR is left; `streams --symbols` lists the symbols",
          "ok -shib*@* takes away 1 streams",
          "ok 2 streams in all"
        ]
      )
    })
  )
})
