/** The Kafka sink over a scripted Kafka, and records for it. */
import { Context, Effect, Layer, Logger, References } from "effect"
import { TestClock } from "effect/testing"
import * as KafkaSink from "../../src/layers/KafkaSink.ts"
import { PendingLimit } from "../../src/layers/kafka/Pending.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import { EventSink } from "../../src/services/EventSink.ts"
import { KafkaError } from "../../src/services/KafkaDriver.ts"
import { ReleasableSink } from "../../src/services/ReleasableSink.ts"
import * as HealthProbe from "./healthProbe.ts"
import * as ScriptedKafka from "./scriptedKafka.ts"
import { settingsLayer, testSettings } from "./settings.ts"

export const KEYS = ["BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT"]

export const record = (n: number, key = "BTCUSDT", topic = "raw_trades"): SinkRecord => ({
  topic,
  key,
  value: Buffer.from(`{"n":${n}}`),
  timestamp: n,
  headers: { "event-id": `${key}:${n}`, "content-type": "application/json" }
})

export const records = (count: number, from = 0): ReadonlyArray<SinkRecord> =>
  Array.from({ length: count }, (_, n) => record(from + n, KEYS[(from + n) % KEYS.length]))

export const error = (kind: KafkaError["kind"], message = `scripted ${kind}`) => new KafkaError({ kind, message })

export const ids = (stored: ReadonlyArray<SinkRecord>, key: string) =>
  stored.filter((record) => record.key === key).map((record) => record.headers["event-id"])

interface Line {
  readonly level: string
  readonly message: string
  readonly annotations: Record<string, unknown>
}

/** The sink over a scripted Kafka, with all that a test looks at. */
export const start = Effect.fnUntraced(function* (
  options: {
    readonly topics?: Partial<ReturnType<typeof testSettings>["topics"]>
    readonly batch?: number
    readonly limit?: number
    readonly acks?: "0" | "1" | "all"
    readonly otel?: ReturnType<typeof testSettings>["otel"]
    readonly broker?: (broker: ScriptedKafka.Broker) => void
  } = {}
) {
  const scope = yield* Effect.scope
  const lines: Array<Line> = []
  const logger = Logger.make(({ fiber, logLevel, message }) => {
    const [text] = Array.isArray(message) ? message : [message]
    const annotations = fiber.getRef(References.CurrentLogAnnotations)
    lines.push({ level: logLevel, message: String(text), annotations })
  })
  const defaults = testSettings()
  const broker = ScriptedKafka.makeBroker()
  options.broker?.(broker)
  const environment = Layer.mergeAll(
    settingsLayer({
      topics: { ...defaults.topics, ...options.topics },
      batch: { ...defaults.batch, size: options.batch ?? 100 },
      kafka: { ...defaults.kafka, acks: options.acks ?? "all" },
      otel: options.otel ?? defaults.otel
    }),
    ScriptedKafka.layer(broker),
    HealthProbe.layer,
    Layer.succeed(PendingLimit, options.limit ?? 64 * 1024 * 1024),
    Logger.layer([logger])
  )
  const layer = KafkaSink.layer.pipe(Layer.provideMerge(KafkaSink.releasable), Layer.provideMerge(environment))
  const context = yield* Layer.buildWithScope(layer, scope)
  const sink = Context.get(context, EventSink)
  const releasable = Context.get(context, ReleasableSink)
  const health = Context.get(context, HealthProbe.HealthProbe).sinks
  const warnings = () => lines.filter(({ level }) => level === "Warn" || level === "Error")
  return { broker, sink, releasable, health, lines, warnings }
})

/** Lets every fiber run until it waits. */
export const settle = TestClock.adjust(0)
