import { connect } from "node:net"
import { once } from "node:events"
import { Agent, get } from "node:http"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Logger, Metric, Schedule, Scope, Tracer } from "effect"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as OpsServer from "../../src/layers/OpsServer.ts"
import { Health } from "../../src/services/Health.ts"
import * as Telemetry from "../../src/services/Telemetry.ts"
import { freePort, request, serve } from "../support/http.ts"
import { settingsLayer } from "../support/settings.ts"
import { range } from "../support/tape.ts"

const layerOn = (port: number, host = "127.0.0.1") =>
  OpsServer.layer.pipe(
    Layer.provideMerge(HealthState.layer),
    Layer.provide(settingsLayer({ http: { host, port } })),
    Layer.provide(Logger.layer([]))
  )

/** The server on a free port, for as long as the scope. */
const start = Effect.gen(function* () {
  const port = yield* freePort
  const context = yield* Layer.build(layerOn(port))
  return { url: `http://127.0.0.1:${port}`, port, health: Context.get(context, Health) }
})

const startError = (port: number, host?: string) => Effect.flip(Effect.scoped(Layer.build(layerOn(port, host))))

/** The value of an unlabelled series. */
const series = (text: string, name: string): number => {
  const match = new RegExp(`^${name} (\\S+)$`, "m").exec(text)
  assert.isNotNull(match, `${name} is not listed`)
  return Number(match?.[1])
}

describe("OpsServer", () => {
  it.live("answers that it lives", () =>
    Effect.gen(function* () {
      const { url } = yield* start
      const { headers, status, text } = yield* request(`${url}/healthz`)
      const body = JSON.parse(text)
      assert.deepStrictEqual([status, body.status], [200, "ok"])
      assert.sameMembers(Object.keys(body), ["status", "instance", "startedAt", "uptimeSeconds"])
      assert.strictEqual(headers.get("cache-control"), "no-store")
    })
  )

  it.live("is ready once the sink stores and a connection is live, and shows the report", () =>
    Effect.gen(function* () {
      const { health, url } = yield* start
      const before = yield* request(`${url}/readyz`)
      assert.strictEqual(before.status, 503)
      assert.strictEqual(JSON.parse(before.text).ready, false)

      yield* health.sink({ state: "up", detail: "storing" })
      yield* health.connection("line-0", { state: "up", detail: "live" })
      const after = yield* request(`${url}/readyz?verbose`)
      assert.strictEqual(after.status, 200)
      assert.deepStrictEqual(JSON.parse(after.text), {
        ready: true,
        status: "ok",
        reasons: [],
        sink: { state: "up", detail: "storing" },
        resume: { state: "up", detail: "nothing to catch up with" },
        connections: { "line-0": { state: "up", detail: "live" } },
        degraded: {}
      })

      yield* health.trouble("btcusdt@ticker", "no data for 2 m")
      const degraded = yield* request(`${url}/readyz`)
      assert.deepStrictEqual(
        [degraded.status, JSON.parse(degraded.text).status, JSON.parse(degraded.text).degraded],
        [200, "degraded", { "btcusdt@ticker": "no data for 2 m" }]
      )
      assert.deepStrictEqual(JSON.parse(degraded.text).reasons, ["btcusdt@ticker: no data for 2 m"])
      yield* health.connection("line-1", { state: "down", detail: "closed" })
      assert.deepStrictEqual(JSON.parse((yield* request(`${url}/readyz`)).text).reasons, [
        "line-1 is down: closed",
        "btcusdt@ticker: no data for 2 m"
      ])
      yield* health.resume({ state: "starting", detail: "catching up" })
      const resuming = yield* request(`${url}/readyz`)
      assert.deepStrictEqual([resuming.status, JSON.parse(resuming.text).status], [503, "unready"])
    })
  )

  it.live("lists the metrics in Prometheus's text format, also those that nothing has touched", () =>
    Effect.gen(function* () {
      const { url } = yield* start
      const { headers, status, text } = yield* request(`${url}/metrics`)
      assert.strictEqual(status, 200)
      assert.match(headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/)
      for (const name of [
        "binance_kafka_frames_received_total",
        "binance_kafka_received_bytes_total",
        "binance_kafka_dead_letters_total",
        "binance_kafka_records_dropped_total",
        "binance_kafka_records_stored_total",
        "binance_kafka_records_pending",
        "binance_kafka_pending_bytes",
        "binance_kafka_connections_live",
        "binance_kafka_send_seconds_count",
        "binance_kafka_batch_records_count"
      ]) {
        assert.strictEqual(series(text, name), 0)
      }
      assert.include(text, "# TYPE binance_kafka_frames_received_total counter")
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.live("counts on from scrape to scrape", () =>
    Effect.gen(function* () {
      const { url } = yield* start
      yield* Metric.update(Telemetry.recordsStored, 3)
      yield* Metric.update(Metric.withAttributes(Telemetry.reconnects, { reason: "silence" }), 1)
      const { text: first } = yield* request(`${url}/metrics`)
      assert.strictEqual(series(first, "binance_kafka_records_stored_total"), 3)
      assert.include(first, 'binance_kafka_reconnects_total{reason="silence"} 1')
      yield* Metric.update(Telemetry.recordsStored, 4)
      const { text: second } = yield* request(`${url}/metrics`)
      assert.strictEqual(series(second, "binance_kafka_records_stored_total"), 7)

      assert.isAbove(series(first, "process_resident_memory_bytes"), 1e7)
      assert.closeTo(series(first, "process_start_time_seconds"), performance.timeOrigin / 1000, 0.001)
      const [before, after] = [first, second].map((text) => series(text, "process_cpu_seconds_total"))
      const { system, user } = process.cpuUsage()
      assert.isTrue(0 < before! && before! <= after! && after! <= (system + user) / 1e6)
    }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )

  it.live("answers other paths with 404 and other methods with 405", () =>
    Effect.gen(function* () {
      const { url } = yield* start
      assert.strictEqual((yield* request(`${url}/nothing`)).status, 404)
      assert.strictEqual((yield* request(`${url}/healthz/`)).status, 404)
      for (const method of ["POST", "PUT", "DELETE", "OPTIONS"]) {
        const { headers, status } = yield* request(`${url}/healthz`, { method })
        assert.strictEqual(status, 405)
        assert.strictEqual(headers.get("allow"), "GET, HEAD")
      }
      const head = yield* request(`${url}/readyz`, { method: "HEAD" })
      assert.deepStrictEqual([head.status, head.text], [503, ""])
    })
  )

  it.live("serves nothing with port 0", () =>
    Effect.gen(function* () {
      const listening = () => process.getActiveResourcesInfo().filter((name) => name === "TCPServerWrap").length
      const before = listening()
      yield* Layer.build(layerOn(0))
      assert.isAtMost(listening(), before)
    })
  )

  it.live("does not start on a taken port, and says which setting to change", () =>
    Effect.gen(function* () {
      const { port } = yield* serve(() => {})
      const error = yield* startError(port)
      assert.strictEqual(
        error.message,
        `HTTP_PORT=${port}: 127.0.0.1:${port} is taken by another program: choose another HTTP_PORT, or 0 to do without`
      )
      assert.strictEqual(error._tag, "OpsServerError")
    })
  )

  it.live("does not start on an address of another machine, and says which setting to change", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const { message } = yield* startError(port, "192.0.2.1")
      assert.strictEqual(
        message,
        `HTTP_PORT=${port}: 192.0.2.1:${port} is no address of this machine: look at HTTP_HOST`
      )
    })
  )

  it.live("answers a probe however many others only wait", () =>
    Effect.gen(function* () {
      const { port, url } = yield* start
      const waiting = yield* Effect.acquireRelease(
        Effect.sync(() =>
          range(1, 200).map((n) => {
            const socket = connect(port, "127.0.0.1")
            socket.on("error", () => {}).resume()
            // Idle, in the midst of its headers, or at the page with the endless answer.
            socket.write(
              ["", "GET /healthz HTTP/1.1\r\nHost: a", "GET /events HTTP/1.1\r\nHost: a\r\n\r\n"][n % 3] ?? ""
            )
            return socket
          })
        ),
        (sockets) => Effect.sync(() => sockets.forEach((socket) => socket.destroy()))
      )
      yield* Effect.promise(() => once(waiting.at(-1) ?? waiting[0]!, "connect"))
      for (const path of ["healthz", "readyz", "metrics"]) {
        assert.isAbove((yield* request(`${url}/${path}`)).text.length, 0)
      }
      const { headers, status } = yield* request(`${url}/events`)
      assert.deepStrictEqual([status, headers.get("connection")], [503, "close"])
      yield* Effect.repeat(
        Effect.sync(() => waiting.filter(({ destroyed }) => !destroyed).length),
        { until: (open) => open <= 64, schedule: Schedule.spaced("20 millis") }
      )
    })
  )

  it.live("ends although clients hold connections, idle or half-way through a request", () =>
    Effect.gen(function* () {
      const port = yield* freePort
      const scope = yield* Scope.make()
      yield* Layer.buildWithScope(layerOn(port), scope)

      const agent = new Agent({ keepAlive: true })
      const answered = yield* Effect.promise(async () => {
        const [response] = await once(get(`http://127.0.0.1:${port}/healthz`, { agent }), "response")
        for await (const _ of response);
        return response.headers.connection
      })
      assert.strictEqual(answered, "keep-alive")
      const slow = connect(port, "127.0.0.1")
      slow.on("error", () => {})
      yield* Effect.promise(() => once(slow, "connect"))
      slow.write("GET /healthz HTTP/1.1\r\nHost: a")
      const closed = Effect.promise(() => once(slow, "close"))

      const [, exit] = yield* Effect.all([closed, Effect.exit(Scope.close(scope, Exit.void))], {
        concurrency: "unbounded"
      }).pipe(Effect.timeout("5 seconds"))
      assert.isTrue(Exit.isSuccess(exit))
      agent.destroy()
    })
  )

  it.live("keeps probes out of the traces", () =>
    Effect.gen(function* () {
      const names: Array<string> = []
      const tracer = Tracer.make({
        span: (options) => {
          names.push(options.name)
          return new Tracer.NativeSpan(options)
        }
      })
      yield* Effect.gen(function* () {
        const { url } = yield* start
        for (const path of ["healthz", "readyz", "metrics", "nothing"]) yield* request(`${url}/${path}`)
        yield* Effect.withSpan(Effect.void, "ours")
      }).pipe(Effect.provideService(Tracer.Tracer, tracer))
      assert.deepStrictEqual(names, ["ours"])
    })
  )
})
