/** The pages for people: `/`, `/events`, `/status`; and what all pages are held to. */
import { createHash } from "node:crypto"
import { once } from "node:events"
import { get, type IncomingMessage } from "node:http"
import { connect } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Layer, Logger, Schema } from "effect"
import * as HealthState from "../../../src/layers/HealthState.ts"
import * as OpsServer from "../../../src/layers/OpsServer.ts"
import { MOST_LISTENERS } from "../../../src/layers/ops/Events.ts"
import * as StatusBoard from "../../../src/layers/StatusBoard.ts"
import { StatusReport } from "../../../src/schema/StatusReport.ts"
import { Health } from "../../../src/services/Health.ts"
import { Status } from "../../../src/services/Status.ts"
import { freePort, request } from "../../support/http.ts"
import { settingsLayer, streamNames, testSettings } from "../../support/settings.ts"

const start = Effect.gen(function* () {
  const port = yield* freePort
  const { binance } = testSettings()
  const context = yield* Layer.build(
    OpsServer.layer.pipe(
      Layer.provideMerge(Layer.provideMerge(HealthState.layer, StatusBoard.layer)),
      Layer.provide(
        settingsLayer({
          binance: { ...binance, streams: streamNames("btcusdt@trade", "ethusdt@ticker") },
          http: { host: "127.0.0.1", port }
        })
      ),
      Layer.provide(Logger.layer([]))
    )
  )
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    health: Context.get(context, Health),
    status: Context.get(context, Status)
  }
})

const listen = (url: string) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const asked = get(`${url}/events`)
      const [response]: Array<IncomingMessage> = await once(asked, "response")
      return response!
    }),
    (response) => Effect.sync(() => response.destroy())
  )

/** The next message of the events, parsed. */
const messageOf = (response: IncomingMessage) =>
  Effect.promise(async () => {
    let text = ""
    while (!text.endsWith("\n\n")) text += String((await once(response, "data"))[0])
    return JSON.parse(text.replace(/^data: /, "")) as Readonly<Record<string, unknown>>
  })

describe("/", () => {
  it.live("is one document, and its policy allows what is in it and nothing else", () =>
    Effect.gen(function* () {
      const { url } = yield* start
      const { headers, status, text } = yield* request(`${url}/`)
      assert.deepStrictEqual([status, headers.get("content-type")], [200, "text/html; charset=utf-8"])
      const policy = headers.get("content-security-policy") ?? ""
      for (const name of ["script", "style"]) {
        const contents = [...text.matchAll(new RegExp(`<${name}[^>]*>([^]*?)</${name}>`, "g"))].map(
          ([, inner]) => inner!
        )
        assert.lengthOf(contents, 1)
        const hash = createHash("sha256").update(contents[0]!).digest("base64")
        assert.include(policy, `${name}-src 'sha256-${hash}'`)
      }
      assert.match(policy, /^default-src 'none';/)
      assert.notMatch(policy, /unsafe/)
      assert.notMatch(text, /<[^>]+\s(?:on\w+|style)=|(?:src|href)="(?!data:|#|status")/)
    })
  )
})

describe("/status", () => {
  it.live("is the whole report", () =>
    Effect.gen(function* () {
      const { health, status, url } = yield* start
      yield* health.sink({ state: "up", detail: "Kafka answers" })
      yield* health.connection("binance-1", { state: "up", detail: "2 streams" })
      yield* health.trouble("ethusdt@ticker (mute)", "asked for anew in vain")
      status.stream("btcusdt@trade").lastId = 7
      status.connection("binance-1").host = "127.0.0.1:1"
      const { status: code, text } = yield* request(`${url}/status`)
      const report = yield* Schema.decodeUnknownEffect(StatusReport)(JSON.parse(text))
      assert.deepStrictEqual([code, report.state], [200, "degraded"])
      assert.deepStrictEqual(report.reasons, ["ethusdt@ticker (mute): asked for anew in vain"])
      assert.deepStrictEqual(
        report.streams.map(({ lastId, name, trouble }) => [name, lastId, trouble]),
        [
          ["btcusdt@trade", 7, null],
          ["ethusdt@ticker", null, "asked for anew in vain (mute)"]
        ]
      )
      assert.deepStrictEqual(
        report.connections.map(({ detail, host, name, state }) => [name, state, detail, host]),
        [["binance-1", "up", "2 streams", "127.0.0.1:1"]]
      )
      assert.deepStrictEqual([report.kafka, report.spool], [null, null])
    })
  )
})

describe("/events", () => {
  it.live("sends the whole report and then what changes", () =>
    Effect.gen(function* () {
      const { status, url } = yield* start
      const response = yield* listen(url)
      assert.strictEqual(response.headers["content-type"], "text/event-stream")
      const first = yield* messageOf(response)
      assert.deepStrictEqual(first["names"], ["btcusdt@trade", "ethusdt@ticker"])
      assert.deepStrictEqual(first["state"], "unready")
      status.stream("ethusdt@ticker").gapsFilled = 3
      const { at, rows, ...others } = yield* messageOf(response)
      assert.isAbove(Number(at), Number(first["at"]))
      assert.deepStrictEqual([rows, others], [[[1, 0, null, null, 0, 3, 0, null, 0]], {}])
    })
  )

  it.live("has room for so many listeners, and for others when they have gone", () =>
    Effect.gen(function* () {
      const { url } = yield* start
      yield* Effect.gen(function* () {
        for (let n = 0; n < MOST_LISTENERS; n++) yield* Effect.flatMap(listen(url), messageOf)
        const { headers, status } = yield* request(`${url}/events`)
        assert.deepStrictEqual([status, headers.get("retry-after")], [503, "10"])
      }).pipe(Effect.scoped)
      const again = Effect.scoped(Effect.map(listen(url), ({ statusCode }) => statusCode))
      yield* Effect.repeat(again, { until: (status) => status === 200 })
    })
  )

  it.live("answers HEAD and ends", () =>
    Effect.gen(function* () {
      const { url } = yield* start
      const { headers, status, text } = yield* request(`${url}/events`, { method: "HEAD" })
      assert.deepStrictEqual([status, headers.get("content-type"), text], [200, "text/event-stream", ""])
    })
  )
})

describe("every page", () => {
  it.live("says how it may be used", () =>
    Effect.gen(function* () {
      const { url } = yield* start
      for (const path of ["/", "/status", "/healthz", "/readyz", "/metrics", "/nothing"]) {
        const { headers } = yield* request(url + path)
        assert.deepStrictEqual(
          ["x-content-type-options", "x-frame-options", "referrer-policy", "cache-control"].map((name) =>
            headers.get(name)
          ),
          ["nosniff", "DENY", "no-referrer", "no-store"],
          path
        )
        assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/)
      }
    })
  )

  it.live("takes no body, and does not read one", () =>
    Effect.gen(function* () {
      const { port } = yield* start
      const answer = yield* Effect.promise(async () => {
        const socket = connect(port, "127.0.0.1")
        let text = ""
        socket.on("data", (data) => (text += String(data)))
        socket.write("GET /status HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
        await once(socket, "close")
        return text
      })
      assert.match(answer, /^HTTP\/1\.1 413 /)
      assert.match(answer, /^connection: close\r$/im)
    })
  )

  it.live("takes headers of 8 KiB", () =>
    Effect.gen(function* () {
      const { url } = yield* start
      const of = (bytes: number) => request(`${url}/healthz`, { headers: { "x-long": "a".repeat(bytes) } })
      assert.strictEqual((yield* of(7000)).status, 200)
      assert.strictEqual((yield* of(9000)).status, 431)
    })
  )
})
