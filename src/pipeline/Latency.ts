/** How long the first stages of a message's way take, counted for every event and record by plain code. */
import { Clock, Effect } from "effect"
import type { SinkRecord } from "../schema/SinkRecord.ts"
import * as plain from "../services/telemetry/plain.ts"
import * as Telemetry from "../services/Telemetry.ts"
import type { MarketEvent } from "./Decoder.ts"

export const make = Effect.gen(function* () {
  const clock = yield* Clock.Clock
  const exchangeToReceive = yield* plain.histogram(Telemetry.exchangeToReceiveSeconds)
  const receiveToSink = yield* plain.histogram(Telemetry.receiveToSinkSeconds)
  return {
    /** Events as their frames brought them. */
    received: (events: ReadonlyArray<MarketEvent>): void => {
      for (const { facts, receivedAt } of events) {
        if (facts.eventTime !== undefined) exchangeToReceive((receivedAt - facts.eventTime) / 1000)
      }
    },
    /** A batch that the sink is given now. */
    handedOver: (records: ReadonlyArray<SinkRecord>): void => {
      const now = clock.currentTimeMillisUnsafe()
      for (const { receivedAt } of records) if (receivedAt !== undefined) receiveToSink((now - receivedAt) / 1000)
    }
  }
})
