/** The command `status`, as a process that asks a server played by the test. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { bytesText, spanText, statusText } from "../../src/cli/statusText.ts"
import type { StatusReport } from "../../src/schema/StatusReport.ts"
import { freePort, serve } from "../support/http.ts"
import * as Program from "../support/program.ts"

const MAIN = new URL("../../src/Main.ts", import.meta.url)

const report: StatusReport = {
  v: 1,
  at: 100_000,
  instance: "0badcafe",
  startedAt: 40_000,
  state: "ok",
  reasons: [],
  rest: null,
  troubles: [],
  sink: { name: "kafka", state: "up", detail: "Kafka answers" },
  events: 10,
  rate: 12.34,
  connections: [
    {
      name: "binance-1",
      state: "up",
      detail: "2 streams",
      host: "stream.binance.com:9443",
      streams: 2,
      since: 90_000,
      rolloverAt: 3_700_000,
      frames: 10,
      rate: 12.3,
      latencyMs: 40,
      downSince: null,
      retryAt: null
    }
  ],
  streams: ["btcusdt@trade", "ethusdt@trade", "ethusdt@kline_1m"].map((name, n) => ({
    name,
    events: n,
    rate: n,
    lastAt: n === 0 ? null : 99_000,
    lastId: n === 0 ? null : 41 + n,
    gapsOpen: n === 2 ? 1 : 0,
    gapsFilled: 0,
    gapsLost: 0,
    duplicates: 0,
    trouble: n === 2 ? "events are missing" : null
  })),
  kafka: {
    acks: 3,
    failures: 1,
    records: 30,
    rate: 12,
    inFlight: 1,
    waitingRecords: 7,
    waitingBytes: 2048,
    batchRecords: 10,
    sendMs: { p50: 5, p95: 9, p99: 12, max: 13 },
    lastError: { at: 95_000, where: "raw_trades/0", kind: "Busy", message: "too few replicas" }
  },
  spool: { bytes: 0, limit: 2048, growth: 0, records: 0, since: null, dropped: 0, fault: null },
  deadLetters: { total: 2, latest: [{ at: 0, stream: "unknown", reason: "not valid JSON", field: null }] },
  continuity: [
    { at: 0, type: "gap-filled", stream: "btcusdt@trade", streams: 1, from: 4, to: 9, reason: "history", late: true }
  ]
}

const ask = Effect.fnUntraced(function* (answer: string, ...more: ReadonlyArray<string>) {
  const { port } = yield* serve((request, response) => {
    response.statusCode = request.url === "/status" ? 200 : 404
    response.end(answer)
  })
  const program = yield* Program.start({}, {}, MAIN, ["status", "--url", `http://127.0.0.1:${port}`, ...more])
  return yield* program.ended
})

describe("status", () => {
  it.live("prints what the live page shows, and ends with 0 where all is well", () =>
    Effect.gen(function* () {
      const { code, stdout } = yield* ask(JSON.stringify(report))
      assert.strictEqual(stdout.trimEnd(), statusText(report, Infinity))
      assert.strictEqual(code, 0)
    })
  )

  it.live("ends with 1 where something is wrong, and says what first", () =>
    Effect.gen(function* () {
      const reasons = ["No connection delivers data"]
      const { code, stdout } = yield* ask(JSON.stringify({ ...report, state: "unready", reasons }))
      assert.match(stdout, /^Unready {2}0badcafe, up 60 s, 12\.3 events\/s\n {2}No connection delivers data\n/)
      assert.strictEqual(code, 1)
    })
  )

  it.live("prints the report itself for programs", () =>
    Effect.gen(function* () {
      const { code, stdout } = yield* ask(JSON.stringify(report), "--json")
      assert.deepStrictEqual(JSON.parse(stdout), report)
      assert.strictEqual(code, 0)
    })
  )

  it.live("takes the address of any of its pages", () =>
    Effect.gen(function* () {
      const { port } = yield* serve((request, response) => {
        response.statusCode = request.url === "/behind/status" ? 200 : 404
        response.end(JSON.stringify(report))
      })
      for (const path of ["", "/", "/status", "/status/"]) {
        const url = `http://127.0.0.1:${port}/behind${path}`
        const program = yield* Program.start({}, {}, MAIN, ["status", "--json", "--url", url])
        assert.strictEqual((yield* program.ended).code, 0, path)
      }
    })
  )

  it.live("says which setting keeps it from asking", () =>
    Effect.gen(function* () {
      for (const [port, says] of [
        ["0", /HTTP_PORT=0 turns off/],
        ["abc", /HTTP_PORT=abc: expected/]
      ] as const) {
        const program = yield* Program.start({ HTTP_PORT: port }, {}, MAIN, ["status"])
        const { code, stderr } = yield* program.ended
        assert.strictEqual(code, 2)
        assert.match(stderr, says)
      }
    })
  )

  it.live("watches until nobody reads any more", () =>
    Effect.gen(function* () {
      const { port } = yield* serve((_, response) => response.end(JSON.stringify(report)))
      const url = `http://127.0.0.1:${port}`
      const program = yield* Program.start({}, {}, MAIN, ["status", "--url", url, "--watch", "--json"])
      program.child.stdout?.once("data", () => program.child.stdout?.destroy())
      const { code, stderr } = yield* program.ended
      assert.deepStrictEqual([code, stderr], [0, ""])
    })
  )

  it.live("ends with 2 where nobody or somebody else answers, and says what to do", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const program = yield* Program.start({ HTTP_PORT: String(port) }, {}, MAIN, ["status"])
      const nobody = yield* program.ended
      assert.deepStrictEqual([nobody.code, nobody.stdout], [2, ""])
      assert.include(nobody.stderr, `no answer from http://127.0.0.1:${port}/status`)
      assert.include(nobody.stderr, "HTTP_PORT")
      const other = yield* ask("<html>")
      assert.deepStrictEqual([other.code, other.stdout], [2, ""])
      assert.match(other.stderr, /is no connector/)
    })
  )
})

describe("the text", () => {
  it("names streams in trouble first where there is no room for all", () => {
    const text = statusText(report, 1)
    assert.match(text, /ethusdt@kline_1m .* events are missing\n {2}and 2 more/)
    assert.notMatch(text, /^ {2}ethusdt@trade/m)
    assert.match(text, /Streams: 2 of 3 heard/)
  })

  it("counts as heard what came lately", () => {
    assert.match(statusText({ ...report, at: 200_000 }, 9), /Streams: 0 of 3 heard in 30 s/)
  })

  it("says of a connection that is down since when, why, and when it is tried again", () => {
    const [connection] = report.connections
    const down = { state: "down", detail: "HTTP 451", latencyMs: null, downSince: 88_000, retryAt: 130_000 } as const
    assert.include(
      statusText({ ...report, connections: [{ ...connection!, ...down }] }, 9),
      "\n  binance-1 down for 12 s: HTTP 451; next try in 30 s\n"
    )
  })

  it.each([
    [40, " 40.0 ms "],
    [7_200_066, " 2 h "],
    [-299_974, " -4 min "]
  ])("says a latency of %d ms in a unit that can be read", (latencyMs, text) => {
    const [connection] = report.connections
    assert.include(statusText({ ...report, connections: [{ ...connection!, latencyMs }] }, 9), text)
  })

  it("says of a spool how much it may hold, how long that lasts, and what it did not keep", () => {
    const spool = { bytes: 1024, limit: 2048, growth: 8, records: 9, since: 90_000, dropped: 0, fault: null }
    assert.include(statusText({ ...report, spool }, 9), "9 records, 1.0 KiB of 2.0 KiB, full in 2 min, for 10 s\n")
    const full = { ...spool, growth: 0, dropped: 7, fault: "SPOOL_MAX_BYTES=2048 is reached" }
    assert.include(
      statusText({ ...report, spool: full }, 9),
      "takes nothing: SPOOL_MAX_BYTES=2048 is reached; 9 records, 1.0 KiB of 2.0 KiB, for 10 s; 7 records not kept\n"
    )
  })

  it("says whether the exchange's REST side answers", () => {
    const rest = { answeredAt: 97_000, failingSince: null, fault: null, usedWeight: 27 }
    assert.include(statusText({ ...report, rest }, 9), "History (REST)\n  answered 3.0 s ago, weight used 27\n")
    const away = { ...rest, failingSince: 98_000, fault: "it answered with status 503" }
    assert.include(statusText({ ...report, rest: away }, 9), "does not answer for 2.0 s: it answered with status 503")
  })

  it.each([
    [0, "0.0 s"],
    [59_000, "59 s"],
    [180_000, "3 min"],
    [7_200_000, "2 h"],
    [200_000_000, "2 days"]
  ])("says %d ms as %s", (millis, text) => {
    assert.strictEqual(spanText(millis), text)
  })

  it.each([
    [0, "0 B"],
    [1023, "1023 B"],
    [1536, "1.5 KiB"],
    [10 * 2 ** 30, "10.0 GiB"]
  ])("says %d bytes as %s", (bytes, text) => {
    assert.strictEqual(bytesText(bytes), text)
  })
})
