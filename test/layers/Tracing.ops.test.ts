/** What an operator sees of the whole program in a real Jaeger: the lives of batches, connections and gaps, each a trace. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { drop } from "../../src/simulator/Faults.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import { startBroker } from "../support/kafka/broker.ts"
import { KafkaUnavailable } from "../support/kafka/jars.ts"
import { readTopic } from "../support/kafka/records.ts"
import { describeWith, find } from "../support/ops/found.ts"
import * as Jaeger from "../support/ops/jaeger.ts"
import * as Program from "../support/program.ts"

const SERVICE = "connector-under-test"
const BEGINNING = 50
const DROPPED = 20

/** Some batches are traced, some are not. */
const SHARE = "0.3"

const MICROS = 1_000_000

/** Ascending by their beginnings. */
const assertInOrder = (...spans: ReadonlyArray<Jaeger.Span>) => {
  const begun = spans.map(({ startTime }) => startTime)
  assert.deepStrictEqual(
    begun.toSorted((a, b) => a - b),
    begun,
    spans.map(({ operationName }) => operationName).join(", ")
  )
}

describeWith(find("JAEGER", "jaeger-all-in-one", "jaeger"), "traces in Jaeger", (jaegerPath) => {
  it.live("show how a batch reached the broker, how a connection lived and how a gap was filled", (test) =>
    Effect.gen(function* () {
      const broker = yield* Effect.acquireRelease(
        Effect.promise(() =>
          startBroker().catch((error: unknown) => {
            if (error instanceof KafkaUnavailable) return test.skip(error.message)
            throw error
          })
        ),
        (broker) => Effect.promise(broker.remove)
      )
      const jaeger = yield* Jaeger.start(jaegerPath)
      const simulator = yield* Simulator.make({ rate: 500 })
      const program = yield* Program.start({
        BINANCE_WS_URL: simulator.wsUrl,
        BINANCE_REST_URL: simulator.restUrl,
        BINANCE_STREAMS: "btcusdt@trade,ethusdt@trade",
        KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap,
        KAFKA_ACKS: "all",
        HTTP_PORT: "0",
        LOG_FORMAT: "json",
        OTEL_EXPORTER_OTLP_ENDPOINT: jaeger.endpoint,
        OTEL_SERVICE_NAME: SERVICE,
        OTEL_TRACES_SAMPLER_ARG: SHARE
      })
      yield* program.says(/Data flows/)
      // What comes first of a stream is where it begins: nothing is missing before that.
      let seen = 0
      simulator.setFaults({
        onFrame: ({ stream }) => {
          if (stream !== "btcusdt@trade") return undefined
          seen++
          return seen > BEGINNING && seen <= BEGINNING + DROPPED ? drop : undefined
        }
      })
      // A trace is there while what it is about goes on.
      const [early] = yield* jaeger
        .traces(SERVICE, "filled")
        .pipe(Effect.repeat({ until: ({ length }) => length > 0, schedule: Jaeger.patience }))
      assert.isDefined(early)
      assert.isNotEmpty(yield* jaeger.traces(SERVICE, "connection"))

      simulator.shutdownNotice()
      yield* program.says(/A new connection has taken over/)
      simulator.cutAll({ code: 1012, reason: "restarting" })
      yield* program.says(/Disconnected/)
      yield* program.signal("SIGTERM")
      const { code, stderr } = yield* program.ended
      assert.strictEqual(code, 0, stderr)
      const lines = stderr
        .trim()
        .split("\n")
        .map((line): Record<string, unknown> => JSON.parse(line))
      const idOf = (message: string) => lines.findLast((line) => line["message"] === message)?.["trace_id"]

      // A batch: each stage after the other, and the broker's answer in every send.
      const batches = yield* jaeger.traces(SERVICE, "batch")
      const batch = batches.find(({ spans }) => spans.some(({ operationName }) => operationName === "decode"))
      assert(batch !== undefined)
      const stages = ["batch", "decode", "sequence", "encode", "queue", "publish", "send raw_trades", "answer"]
      assertInOrder(...stages.map(batch.span))
      const sends = batch.spans.filter(({ operationName }) => operationName === "send raw_trades")
      for (const send of sends) {
        assert.strictEqual(Jaeger.tagOf(send, "messaging.system"), "kafka")
        assert.strictEqual(Jaeger.tagOf(send, "span.kind"), "client")
        assert.isNumber(Jaeger.tagOf(send, "messaging.kafka.offset"))
        assert.isString(Jaeger.tagOf(send, "messaging.destination.partition.id"))
      }
      assert.strictEqual(batch.root.operationName, "batch")

      // Its records say so, those of others do not.
      const records = yield* Effect.promise(() => readTopic(broker.bootstrap, "raw_trades"))
      const contexts = records.map(({ headers }) => headers["traceparent"])
      const ofBatch = contexts.filter((one) => one === `00-${batch.id}-${batch.root.spanID}-01`)
      assert.strictEqual(ofBatch.length, Jaeger.tagOf(batch.root, "messaging.batch.message_count"))
      assert.include(contexts, undefined)
      assert.deepStrictEqual(
        new Set(contexts.filter((one) => one !== undefined).map((one) => one.slice(3, 35))),
        new Set(batches.map(({ id }) => id))
      )

      // A connection that took over from another one and was cut by the exchange.
      const connections = yield* jaeger.traces(SERVICE, "connection")
      const second = connections.find(({ spans }) => spans.some(({ operationName }) => operationName === "rollover"))
      assert(second !== undefined)
      assertInOrder(...["connection", "connect", "subscribe", "rollover", "close"].map(second.span))
      assertInOrder(second.span("connect"), second.span("first data"), second.span("close"))
      assert.strictEqual(Jaeger.tagOf(second.root, "binance.connection"), "binance-1")
      const end = second.span("close")
      assert.strictEqual(Jaeger.tagOf(end, "binance.kind"), "closed")
      assert.include(Jaeger.tagOf(end, "binance.reason"), "restarting")
      assert.isTrue(Jaeger.tagOf(end, "error"))
      const link = second.span("rollover").references.find(({ traceID }) => traceID !== second.id)
      const first = connections.find(({ id }) => id === link?.traceID)
      assert(first !== undefined)
      assert.strictEqual(Jaeger.tagOf(first.span("close"), "binance.reason"), "shutdown-notice")
      assert.strictEqual(idOf("A new connection has taken over"), second.id)

      // A gap: what was dropped, fetched by a page, there within seconds.
      const [gap] = yield* jaeger.traces(SERVICE, "gap")
      assert(gap !== undefined)
      assert.strictEqual(gap.id, early.id)
      assertInOrder(...["gap", "page", "GET"].map(gap.span))
      assert.strictEqual(Jaeger.tagOf(gap.root, "binance.stream"), "btcusdt@trade")
      const { "binance.from": from, "binance.to": to } = Object.fromEntries(
        gap.root.tags.map(({ key, value }) => [key, value])
      )
      assert.strictEqual(Number(to) - Number(from) + 1, DROPPED)
      assert.isAtLeast(Number(Jaeger.tagOf(gap.span("filled"), "binance.events")), DROPPED)
      assert.isBelow(gap.span("filled").duration, 60 * MICROS)

      // Nothing for Jaeger to complain about: parents are there, clocks agree.
      for (const { spans } of [...batches, ...connections, gap]) {
        for (const { operationName, warnings } of spans) assert.isNull(warnings, `${operationName}: ${warnings}`)
      }
    })
  )
})
