/** `KAFKA_ACKS=1` where answers get lost: nothing is missing, nothing there twice. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { startBroker } from "../support/kafka/broker.ts"
import { describeKafka } from "../support/kafka/describeKafka.ts"
import { freePorts } from "../support/kafka/freePorts.ts"
import { startProxy } from "../support/kafka/proxy.ts"
import { acquire, under } from "../support/kafka/under.ts"

describeKafka("KafkaSink with KAFKA_ACKS=1 stores everything once and in order", () => {
  it.live(
    "when answers are lost after the request was written",
    () =>
      Effect.gen(function* () {
        const [port = 0] = yield* Effect.promise(() => freePorts(1))
        const proxy = yield* Effect.acquireRelease(
          Effect.promise(() => startProxy(() => port)),
          ({ close }) => Effect.promise(close)
        )
        const server = `127.0.0.1:${proxy.port}`
        yield* acquire(() => startBroker({ port, properties: { "advertised.listeners": `CLIENT://${server}` } }))
        const lost = Effect.gen(function* () {
          const before = proxy.withheld()
          proxy.answers = "lose"
          yield* Effect.repeat(Effect.sleep("1 millis"), { until: () => proxy.withheld() > before })
          proxy.answers = "pass"
          yield* Effect.sleep("700 millis")
        })
        const { doubts } = yield* under([server], Effect.asVoid(Effect.repeat(lost, { times: 15 })))
        assert.isAbove(doubts, 0)
      }).pipe(Effect.scoped),
    120_000
  )
})
