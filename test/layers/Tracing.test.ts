import { fileURLToPath } from "node:url"
import { spawn } from "node:child_process"
import { once } from "node:events"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Layer, Option, Queue, Schema } from "effect"
import { TestConsole } from "effect/testing"
import * as Tracing from "../../src/layers/Tracing.ts"
import { freePort, serve } from "../support/http.ts"
import { settingsLayer } from "../support/settings.ts"

const Request = Schema.Struct({
  resourceSpans: Schema.Array(
    Schema.Struct({
      resource: Schema.Struct({
        attributes: Schema.Array(
          Schema.Struct({ key: Schema.String, value: Schema.Record(Schema.String, Schema.Unknown) })
        )
      }),
      scopeSpans: Schema.Array(
        Schema.Struct({ spans: Schema.Array(Schema.Struct({ name: Schema.String, traceId: Schema.String })) })
      )
    })
  )
})

/** A collector that hands out what it is sent. */
const makeCollector = Effect.gen(function* () {
  const requests = yield* Queue.unbounded<{
    readonly path: string
    readonly services: ReadonlyArray<unknown>
    readonly names: ReadonlyArray<string>
  }>()
  const { port } = yield* serve((request, response) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => {
      const { resourceSpans } = Schema.decodeUnknownSync(Request)(JSON.parse(Buffer.concat(chunks).toString()))
      Queue.offerUnsafe(requests, {
        path: request.url ?? "",
        services: resourceSpans.flatMap(({ resource }) =>
          resource.attributes.filter(({ key }) => key === "service.name").map(({ value }) => value["stringValue"])
        ),
        names: resourceSpans.flatMap(({ scopeSpans }) =>
          scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => name))
        )
      })
      response.writeHead(200, { "content-type": "application/json" }).end("{}")
    })
  })
  return { requests, url: `http://127.0.0.1:${port}` }
})

const layerTo = (endpoint: string) =>
  Layer.fresh(Tracing.layer).pipe(
    Layer.provide(
      settingsLayer({
        otel: { endpoint: Option.some(new URL(endpoint)), serviceName: "connector-under-test", ratio: 1 }
      })
    )
  )

describe("Tracing", () => {
  it.live("sends spans to the collector, also those that are still kept at the end", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* makeCollector
      yield* Effect.withSpan(Effect.withSpan(Effect.void, "inner"), "outer").pipe(Effect.provide(layerTo(url)))
      assert.deepStrictEqual(yield* Queue.take(requests), {
        path: "/v1/traces",
        services: ["connector-under-test"],
        names: ["inner", "outer"]
      })
    })
  )

  it.live("sends below the path that the endpoint names", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* makeCollector
      yield* Effect.withSpan(Effect.void, "span").pipe(Effect.provide(layerTo(`${url}/otlp/`)))
      assert.strictEqual((yield* Queue.take(requests)).path, "/otlp/v1/traces")
    })
  )

  it.live("sends while the program runs, batch by batch", () =>
    Effect.gen(function* () {
      const { requests, url } = yield* makeCollector
      yield* Effect.gen(function* () {
        // As many as one batch holds.
        yield* Effect.forEach(Array.from({ length: 512 }), () => Effect.withSpan(Effect.void, "span"))
        assert.strictEqual((yield* Queue.take(requests)).names.length, 512)
      }).pipe(Effect.provide(layerTo(url)))
    })
  )
})

/** What is warned of while the program runs, makes spans, and ends. */
const warningsTo = (endpoint: string, run: Effect.Effect<void> = Effect.void) =>
  Effect.gen(function* () {
    const spans = Effect.repeat(Effect.withSpan(Effect.void, "span"), { times: 2000 })
    const program = Effect.andThen(spans, run).pipe(Effect.provide(layerTo(endpoint)), Effect.timeout("15 seconds"))
    assert.deepStrictEqual(yield* Effect.exit(program), Exit.void)
    return (yield* TestConsole.errorLines).map((line): Record<string, unknown> => JSON.parse(String(line)))
  }).pipe(Effect.provide(TestConsole.layer))

const WARNING = {
  level: "WARNING",
  message: "Spans do not reach the collector of OTEL_EXPORTER_OTLP_ENDPOINT: they are dropped"
}

describe("Tracing without a collector", () => {
  it.live("warns once of a collector that cannot be reached, and ends all the same", () =>
    Effect.gen(function* () {
      const endpoint = `http://127.0.0.1:${yield* freePort}`
      const [warning, ...others] = yield* warningsTo(endpoint)
      assert.deepStrictEqual(others, [])
      assert.deepInclude(warning, { ...WARNING, endpoint })
    })
  )

  it.live("says why a collector takes no spans", () =>
    Effect.gen(function* () {
      const { port } = yield* serve((request, response) => {
        request.resume().on("end", () => response.writeHead(401).end())
      })
      const [warning, ...others] = yield* warningsTo(`http://127.0.0.1:${port}`)
      assert.deepStrictEqual(others, [])
      assert.deepInclude(warning, WARNING)
      assert.match(String(warning?.["reason"]), /Unauthorized|401/)
    })
  )

  it.live("does not wait for a collector that does not answer", () =>
    Effect.gen(function* () {
      const asked = yield* Queue.unbounded<void>()
      const { port } = yield* serve(() => Queue.offerUnsafe(asked, undefined))
      const warnings = yield* warningsTo(`http://127.0.0.1:${port}`, Queue.take(asked))
      assert.deepStrictEqual(
        warnings.map(({ reason }) => reason),
        ["it has not answered before the program's end"]
      )
    })
  )

  it.live("loads nothing of OpenTelemetry while it is off", () =>
    Effect.gen(function* () {
      const script = `
        import { registerHooks } from "node:module"
        registerHooks({ resolve: (name, context, next) => (console.log(name), next(name, context)) })
        const { Effect, Layer } = await import("effect")
        const Tracing = await import("${new URL("../../src/layers/Tracing.ts", import.meta.url)}")
        const { settingsLayer } = await import("${new URL("../support/settings.ts", import.meta.url)}")
        await Effect.runPromise(Effect.withSpan(Effect.void, "span").pipe(
          Effect.provide(Tracing.layer.pipe(Layer.provide(settingsLayer({}))))
        ))`
      const { stdout, stderr, code } = yield* Effect.promise(async () => {
        const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
          cwd: fileURLToPath(new URL("../..", import.meta.url)),
          stdio: ["ignore", "pipe", "pipe"]
        })
        const [out, errors, [code]] = await Promise.all([
          child.stdout.toArray(),
          child.stderr.toArray(),
          once(child, "close")
        ])
        return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(errors).toString() }
      })
      assert.strictEqual(code, 0, stderr)
      assert.include(stdout, "Tracing.ts")
      assert.notMatch(stdout, /opentelemetry|otel/)
    })
  )
})
