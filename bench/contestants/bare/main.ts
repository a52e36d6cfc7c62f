/** The bare script: ws, JSON.parse, JSON.stringify, send. Nothing is validated, nothing is repeated, SIGTERM drains. */
import { parseArgs } from "node:util"
import { WebSocket } from "ws"
import * as Batches from "./Batches.ts"
import type { Driver } from "./Driver.ts"
import { envelopeOf, type Payload } from "./envelope.ts"

const { values } = parseArgs({
  options: { driver: { type: "string", default: "kafkajs" }, serial: { type: "boolean", default: false } }
})
const setting = (name: string) => process.env[name] ?? ""

const openDriver = async (): Promise<Driver> => {
  const acks = setting("KAFKA_ACKS") === "all" ? -1 : Number(setting("KAFKA_ACKS"))
  const options = { bootstrap: setting("KAFKA_BOOTSTRAP_SERVERS"), acks, compression: setting("KAFKA_COMPRESSION") }
  if (values.driver === "kafkajs") return (await import("./kafkajs.ts")).open(options)
  if (values.driver === "platformatic") return (await import("./platformatic.ts")).open(options)
  return (await import("./null.ts")).open()
}

const driver = await openDriver()
const toEnvelope = envelopeOf(setting("TOPIC_PREFIX"))
const socket = new WebSocket(setting("BINANCE_WS_URL"), { perMessageDeflate: false })
let ending = false

const changed = () => {
  if (ending && batches.isIdle()) void driver.close().then(() => process.exit(0))
  else if (!batches.isFull()) socket.resume()
}
const batches = (values.serial ? Batches.serial : Batches.pooled)(driver, changed)

socket.on("open", () =>
  socket.send(JSON.stringify({ method: "SUBSCRIBE", params: setting("BINANCE_STREAMS").split(","), id: 1 }))
)
socket.on("message", (data: Buffer) => {
  // Our own request's answer.
  if (data.length < 100) return
  const frame = data.toString()
  const { data: payload, stream }: { data: Payload; stream: string } = JSON.parse(frame)
  batches.add(toEnvelope(stream, payload, frame))
  if (batches.isFull()) socket.pause()
})
process.once("SIGTERM", () => {
  ending = true
  socket.terminate()
  batches.seal()
  changed()
})
