/** The OpenTelemetry SDK, set up for one collector. Heavy to load: `layers/Tracing` imports it only when tracing is on. */
import os from "node:os"
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http"
import { BatchSpanProcessor, type SpanExporter } from "@opentelemetry/sdk-trace-base"
import { Effect, Layer, Tracer } from "effect"
import { Instance } from "../../services/Instance.ts"
import * as sampler from "./sampler.ts"

const EXPORT_TIMEOUT_MILLIS = 5000

const urlOf = (endpoint: URL): string => new URL(`${endpoint.pathname.replace(/\/$/, "")}/v1/traces`, endpoint).href

/** Tells `failed` of exports that failed, and nobody else: to the SDK they would be defects at the program's end. */
const makeTolerant = (exporter: SpanExporter, failed: (reason: string) => void) => {
  let underWay = 0
  const tolerant: SpanExporter = {
    export: (spans, done) => {
      underWay++
      exporter.export(spans, ({ code, error }) => {
        underWay--
        if (code !== 0) failed(error?.message ?? "the export failed")
        done({ code: 0 })
      })
    },
    shutdown: () => exporter.shutdown(),
    forceFlush: () => exporter.forceFlush?.() ?? Promise.resolve()
  }
  return { tolerant, underWay: () => underWay }
}

/** Jaeger believes the clocks of spans that name the same host; its first version knows that by `ip` alone. */
const hostAttributes = () => {
  const addresses = Object.values(os.networkInterfaces()).flatMap((some = []) => some)
  const { address = "127.0.0.1" } = addresses.find(({ family, internal }) => family === "IPv4" && !internal) ?? {}
  return { "host.name": os.hostname(), ip: address }
}

export const layer = (endpoint: URL, serviceName: string, ratio: number) =>
  Layer.unwrap(
    Effect.gen(function* () {
      const context = yield* Effect.context()
      const instance = yield* Instance
      let warned = false
      const warnOnce = (reason: string) => {
        if (warned) return
        warned = true
        Effect.logWarning("Spans do not reach the collector of OTEL_EXPORTER_OTLP_ENDPOINT: they are dropped").pipe(
          Effect.annotateLogs({ endpoint: endpoint.origin, reason }),
          Effect.runSyncWith(context)
        )
      }
      const exporter = new OTLPTraceExporter({ url: urlOf(endpoint), timeoutMillis: EXPORT_TIMEOUT_MILLIS })
      const { tolerant, underWay } = makeTolerant(exporter, warnOnce)
      // Runs after the SDK's own end, which waits no longer than its time-out.
      yield* Effect.addFinalizer(() =>
        Effect.sync(() => {
          if (underWay() > 0) warnOnce("it has not answered before the program's end")
        })
      )
      const sdk = NodeSdk.layer(() => ({
        resource: { serviceName, attributes: { ...hostAttributes(), "service.instance.id": instance } },
        spanProcessor: new BatchSpanProcessor(tolerant),
        tracerConfig: { sampler: sampler.make(ratio) },
        shutdownTimeout: "1 second"
      }))
      // Without the SDK's context around every step of a fiber: nobody below us looks for it, and it costs more than the spans.
      const tracer = Effect.map(Tracer.Tracer, ({ span }) => Tracer.make({ span }))
      return Layer.effect(Tracer.Tracer, tracer).pipe(Layer.provideMerge(sdk))
    })
  )
