/** The program is killed and started again on the local log: what it goes on with is what the log says. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Stream } from "effect"
import * as LocalLogReader from "../../src/layers/LocalLogReader.ts"
import * as Audit from "../../src/pipeline/Audit.ts"
import * as Simulator from "../../src/simulator/Simulator.ts"
import * as Program from "../support/program.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

describe("a program that is killed and started again", () => {
  it.live("goes on after the last id that its log holds, with nothing missing and nothing twice", () =>
    Effect.gen(function* () {
      const simulator = yield* Simulator.make({ rate: 500, symbols: ["BTCUSDT", "ETHUSDT"] })
      const folder = yield* temporaryFolder
      const streams = ["btcusdt@trade", "ethusdt@trade", "btcusdt@aggTrade", "btcusdt@kline_1s"]
      const settings = {
        BINANCE_WS_URL: simulator.wsUrl,
        BINANCE_REST_URL: simulator.restUrl,
        BINANCE_STREAMS: streams.join(),
        SINK: "local",
        DATA_DIR: folder,
        HTTP_PORT: "0",
        LOG_FORMAT: "json"
      }
      for (let round = 0; round < 3; round++) {
        const program = yield* Program.start(settings)
        yield* program.says(round === 0 ? /Data flows/ : /Caught up with the exchange/)
        yield* Effect.sleep("500 millis")
        yield* program.signal("SIGKILL")
        yield* program.ended
      }
      const program = yield* Program.start(settings)
      yield* program.says(/Caught up with the exchange/)
      yield* program.signal("SIGTERM")
      assert.strictEqual((yield* program.ended).code, 0)

      const audit = Audit.make()
      const log = yield* LocalLogReader.open(folder)
      for (const topic of ["raw_trades", "raw_agg_trades", "raw_klines"]) {
        yield* log.read(topic).pipe(Stream.runForEach((record) => Effect.sync(() => audit.add(record))))
      }
      const { complete, series } = audit.report()
      assert.isTrue(complete, JSON.stringify(series))
      assert.strictEqual(series.length, streams.length)
      assert.isAbove(
        series.reduce((sum, { backfilled }) => sum + backfilled, 0),
        0
      )
    })
  )
})
