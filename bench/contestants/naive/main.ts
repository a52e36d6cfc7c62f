/**
 * Effect as one writes it at first: a stream of frames, and for each of them a metric, a decoding, an envelope. Batches of 100
 * records or 100 ms are sent one after another by kafkajs.
 */
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import { Effect, Layer, Metric, Schema, Stream } from "effect"
import * as Socket from "effect/socket/Socket"
import { WebSocket } from "ws"
import { Kline } from "../../../src/schema/kinds/kline.ts"
import { Ticker } from "../../../src/schema/kinds/ticker.ts"
import { Trade } from "../../../src/schema/kinds/trade.ts"
import { envelopeOf } from "../bare/envelope.ts"
import * as KafkaJs from "../bare/kafkajs.ts"

const setting = (name: string) => process.env[name] ?? ""

const Frame = Schema.fromJsonString(
  Schema.Struct({ stream: Schema.String, data: Schema.Union([Trade, Kline, Ticker]) })
)
const decode = Schema.decodeUnknownEffect(Frame)
const received = Metric.counter("frames_received")
const toEnvelope = envelopeOf(setting("TOPIC_PREFIX"))
const text = new TextDecoder()

const program = Effect.gen(function* () {
  const driver = yield* Effect.promise(() =>
    KafkaJs.open({
      bootstrap: setting("KAFKA_BOOTSTRAP_SERVERS"),
      acks: setting("KAFKA_ACKS") === "all" ? -1 : Number(setting("KAFKA_ACKS")),
      compression: setting("KAFKA_COMPRESSION")
    })
  )
  const socket = yield* Socket.makeWebSocket(
    `${setting("BINANCE_WS_URL")}?streams=${setting("BINANCE_STREAMS").replaceAll(",", "/")}`
  )
  yield* Socket.toStream(socket).pipe(
    Stream.tap(() => Metric.update(received, 1)),
    Stream.map((bytes) => text.decode(bytes)),
    Stream.mapEffect((frame) => Effect.map(decode(frame), (decoded) => ({ ...decoded, frame }))),
    Stream.map(({ data, frame, stream }) => toEnvelope(stream, data, frame)),
    Stream.groupedWithin(100, "100 millis"),
    Stream.mapEffect((messages) => Effect.promise(() => driver.sendAll(messages))),
    Stream.runDrain
  )
})

/** Node's own cannot pause: under load it would keep all in memory. */
const webSockets = Layer.succeed(Socket.WebSocketConstructor, (url) => new WebSocket(url, { perMessageDeflate: false }))

NodeRuntime.runMain(Effect.provide(program, webSockets))
