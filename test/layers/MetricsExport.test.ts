import { fileURLToPath } from "node:url"
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect, Exit, Layer, Metric, Option, Queue, Schema } from "effect"
import { TestConsole } from "effect/testing"
import * as MetricsExport from "../../src/layers/MetricsExport.ts"
import * as Tracing from "../../src/layers/Tracing.ts"
import * as Telemetry from "../../src/services/Telemetry.ts"
import { freePort, serve } from "../support/http.ts"
import { settingsLayer } from "../support/settings.ts"

const Request = Schema.Struct({
  resourceMetrics: Schema.Array(
    Schema.Struct({
      resource: Schema.Struct({
        attributes: Schema.Array(
          Schema.Struct({ key: Schema.String, value: Schema.Record(Schema.String, Schema.Unknown) })
        )
      }),
      scopeMetrics: Schema.Array(
        Schema.Struct({ metrics: Schema.Array(Schema.Struct({ name: Schema.String, description: Schema.String })) })
      )
    })
  )
})

const decode = Schema.decodeUnknownSync(Schema.fromJsonString(Request))

/** A collector that hands out what it is sent. */
const makeCollector = Effect.gen(function* () {
  const requests = yield* Queue.unbounded<{
    readonly path: string
    readonly services: unknown
    readonly names: unknown
  }>()
  const { port } = yield* serve((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const { resourceMetrics } = decode(Buffer.concat(chunks).toString())
      Queue.offerUnsafe(requests, {
        path: request.url ?? "",
        services: resourceMetrics.flatMap(({ resource }) =>
          resource.attributes.filter(({ key }) => key === "service.name").map(({ value }) => value["stringValue"])
        ),
        names: resourceMetrics.flatMap(({ scopeMetrics }) =>
          scopeMetrics.flatMap(({ metrics }) => metrics.map(({ name }) => name))
        )
      })
      response.writeHead(200, { "content-type": "application/json" }).end("{}")
    })
  })
  return { requests, url: `http://127.0.0.1:${port}` }
})

const layerTo = (endpoint: string, interval: Duration.Input = "1 minute") =>
  Layer.fresh(MetricsExport.layer).pipe(
    Layer.provide(
      settingsLayer({
        metrics: {
          perStream: false,
          endpoint: Option.some(new URL(endpoint)),
          exportInterval: Duration.fromInputUnsafe(interval)
        },
        otel: { endpoint: Option.none(), serviceName: "connector-under-test", ratio: 1 }
      })
    )
  )

const counted = Metric.update(Telemetry.recordsStored, 3)
const ownRegistry = Effect.provideService(Metric.MetricRegistry, new Map())

describe("MetricsExport", () => {
  it.live("sends metrics to the whole address while the program runs, and the last ones at its end", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* makeCollector
      const expected = {
        path: "/own/path",
        services: ["connector-under-test"],
        names: ["binance_kafka_records_stored_total"]
      }
      yield* counted.pipe(
        Effect.andThen(Queue.take(requests)),
        Effect.tap((request) => Effect.sync(() => assert.deepStrictEqual(request, expected))),
        Effect.provide(layerTo(`${url}/own/path`, "20 millis"))
      )
      yield* Queue.clear(requests)
      yield* Effect.provide(counted, layerTo(`${url}/own/path`))
      assert.deepStrictEqual(yield* Queue.take(requests), expected)
    }).pipe(ownRegistry)
  )

  it.live("sends nothing to the general endpoint, which is for traces alone", () =>
    Effect.gen(function* () {
      const paths: Array<string> = []
      const { port } = yield* serve((request, response) => {
        paths.push(request.url ?? "")
        request.resume().on("end", () => response.writeHead(200).end("{}"))
      })
      const settings = settingsLayer({
        otel: {
          endpoint: Option.some(new URL(`http://127.0.0.1:${port}`)),
          serviceName: "connector-under-test",
          ratio: 1
        }
      })
      yield* Effect.withSpan(counted, "span").pipe(
        Effect.provide(
          Layer.mergeAll(Layer.fresh(Tracing.layer), Layer.fresh(MetricsExport.layer)).pipe(Layer.provide(settings))
        )
      )
      assert.deepStrictEqual(paths, ["/v1/traces"])
    }).pipe(ownRegistry)
  )

  it.live("warns once of a collector that cannot be reached, and ends all the same", () =>
    Effect.gen(function* () {
      const endpoint = `http://127.0.0.1:${yield* freePort}/v1/metrics`
      const run = counted.pipe(Effect.provide(layerTo(endpoint)), Effect.timeout("15 seconds"))
      assert.deepStrictEqual(yield* Effect.exit(run), Exit.void)
      const lines = (yield* TestConsole.errorLines).map((line): Record<string, unknown> => JSON.parse(String(line)))
      assert.deepStrictEqual(
        lines.map(({ level, message }) => [level, message]),
        [["WARNING", "Metrics do not reach the collector of OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: trying again"]]
      )
    }).pipe(Effect.provide(TestConsole.layer), ownRegistry)
  )

  it.live("says what a collector answers that takes no metrics", () =>
    Effect.gen(function* () {
      const { port } = yield* serve((request, response) => {
        request.resume().on("end", () => response.writeHead(404).end())
      })
      yield* Effect.provide(counted, layerTo(`http://127.0.0.1:${port}/v1/metrics`))
      const [line, ...others] = yield* TestConsole.errorLines
      assert.deepStrictEqual(others, [])
      assert.strictEqual(JSON.parse(String(line)).reason, "HTTP 404")
    }).pipe(Effect.provide(TestConsole.layer), ownRegistry)
  )

  it.live("loads no exporter while it is off", () =>
    Effect.gen(function* () {
      const script = `
        import { registerHooks } from "node:module"
        registerHooks({ resolve: (name, context, next) => (console.log(name), next(name, context)) })
        const { Effect, Layer } = await import("effect")
        const MetricsExport = await import("${new URL("../../src/layers/MetricsExport.ts", import.meta.url)}")
        const { settingsLayer } = await import("${new URL("../support/settings.ts", import.meta.url)}")
        await Effect.runPromise(Effect.void.pipe(
          Effect.provide(MetricsExport.layer.pipe(Layer.provide(settingsLayer())))
        ))`
      const { stdout } = yield* Effect.promise(() =>
        promisify(execFile)(process.execPath, ["--input-type=module", "--eval", script], {
          cwd: fileURLToPath(new URL("../..", import.meta.url))
        })
      )
      assert.include(stdout, "MetricsExport.ts")
      assert.notMatch(stdout, /otel|observability/)
    })
  )
})
