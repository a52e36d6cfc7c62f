/** What promtool says of the alert rules, and of the metrics of a running program. */
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, it } from "@effect/vitest"
import { Effect, Queue } from "effect"
import * as Exchange from "../support/exchange.ts"
import { goodFrame } from "../support/hostile.ts"
import { freePort, request } from "../support/http.ts"
import { describeWith, find } from "../support/ops/found.ts"
import * as Program from "../support/program.ts"

const folder = fileURLToPath(new URL("../../deploy/prometheus/", import.meta.url))

describeWith(find("PROMTOOL", "promtool"), "promtool", (promtool) => {
  const run = (args: ReadonlyArray<string>, input = "") => {
    const { status, stderr, stdout } = spawnSync(promtool, args, { cwd: folder, input, encoding: "utf8" })
    return { status, said: `${stdout}${stderr}` }
  }

  it("takes the configuration and the rules", () => {
    for (const args of [
      ["check", "config", "prometheus.yml"],
      ["check", "rules", "rules.yml"]
    ]) {
      const { said, status } = run(args)
      assert.strictEqual(status, 0, said)
      assert.match(said, /SUCCESS: \d\d rules found/)
    }
  })

  it("finds that every alert fires when it should, and not before", () => {
    const { said, status } = run(["test", "rules", "rules.test.yml"])
    assert.strictEqual(status, 0, said)
  })

  it.live("has nothing to say against the metrics of a running program", () =>
    Effect.gen(function* () {
      const exchange = yield* Exchange.make()
      const port = yield* freePort
      yield* Program.start({
        BINANCE_STREAMS: "btcusdt@trade",
        BINANCE_WS_URL: exchange.url.href,
        BINANCE_REST_URL: "http://127.0.0.1:1",
        SINK: "local",
        METRICS_PER_STREAM: "true",
        HTTP_PORT: String(port)
      })
      const { socket } = yield* Queue.take(exchange.connections)
      for (let t = 1; t <= 50; t++) socket.send(goodFrame(t))
      const { text } = yield* Effect.repeat(request(`http://127.0.0.1:${port}/metrics`), {
        until: ({ text }) => /^binance_kafka_end_to_end_seconds_count 50$/m.test(text)
      })
      assert.deepStrictEqual(run(["check", "metrics"], text), { status: 0, said: "" })
      for (const series of [
        'binance_kafka_stream_records_total{stream="btcusdt@trade"} 50',
        'binance_kafka_records_produced_total{kind="trade"} 50',
        'binance_kafka_connection_frames_total{connection="binance-1"} 50',
        "binance_kafka_exchange_to_receive_seconds_count 50",
        "binance_kafka_receive_to_sink_seconds_count 50",
        'binance_kafka_continuity_total{type="gap-opened"} 0',
        "binance_kafka_ready 1"
      ]) {
        assert.include(text, `\n${series}\n`)
      }
      // Each has its help.
      const help = new Set(Array.from(text.matchAll(/^# HELP (\S+) \S/gm), ([, name]) => name))
      for (const [, name] of text.matchAll(/^# TYPE (\S+)/gm)) assert.isTrue(help.has(name), name)
    })
  )
})
