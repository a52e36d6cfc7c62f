/** Of connections and of what they bring. */
import { counter, gauge } from "./declare.ts"

export const framesReceived = counter(
  "binance_kafka_frames_received_total",
  "WebSocket frames that the pipeline has taken"
)
export const bytesReceived = counter(
  "binance_kafka_received_bytes_total",
  "Payload bytes of the frames that the pipeline has taken"
)
export const connectionFrames = counter(
  "binance_kafka_connection_frames_total",
  "WebSocket frames read from a connection's sockets, control frames left out",
  { connection: "as the log names it" }
)
export const connectionsLive = gauge("binance_kafka_connections_live", "WebSocket connections that have delivered data")
export const reconnects = counter(
  "binance_kafka_reconnects_total",
  "WebSocket connections that ended and were opened again, by reason",
  { reason: "`refused`, `unreachable`, `closed`, `silent`, `no-pong`, `rejected` or `unacknowledged`" }
)
export const rollovers = counter(
  "binance_kafka_rollovers_total",
  "WebSocket connections that another one took over from, by reason",
  { reason: "`age`, `shutdown-notice` or `renewal`" }
)
export const inboxBytes = gauge(
  "binance_kafka_inbox_bytes",
  "Bytes of frames read from the sockets that the pipeline has not taken yet"
)
export const inboxPauses = counter(
  "binance_kafka_inbox_pauses_total",
  "How often the sockets were not read for a while, since the pipeline was slower"
)
export const streamsMute = gauge(
  "binance_kafka_streams_mute",
  "Streams of which nothing is received though their connection lives and they were asked for anew"
)
