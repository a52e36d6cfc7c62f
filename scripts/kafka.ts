/** A Kafka broker to try things with: `npm run kafka -- --port 9092`. Ctrl-C stops it; its data goes with it. */
import { parseArgs } from "node:util"
import { startBroker } from "../test/support/kafka/broker.ts"

const { values } = parseArgs({ options: { port: { type: "string", default: "9092" } } })
const port = Number(values.port)
if (!Number.isInteger(port) || port < 1 || port > 65_535) {
  process.stderr.write(`--port ${values.port}: expected a port from 1 to 65535, such as 9092\n`)
  process.exit(1)
}

process.stderr.write("Starting Kafka (the first time its jars are fetched, about 50 MB) …\n")
try {
  const broker = await startBroker({ port })
  process.stdout.write(`KAFKA_BOOTSTRAP_SERVERS=${broker.bootstrap}\nCtrl-C stops it; its data is temporary.\n`)
  const stop = async () => {
    process.stderr.write("\nStopping Kafka …\n")
    await broker.stop()
    await broker.remove()
    process.exit(0)
  }
  process.once("SIGINT", () => void stop())
  process.once("SIGTERM", () => void stop())
  process.once("beforeExit", () => {
    process.stderr.write("Kafka has ended by itself\n")
    process.exit(1)
  })
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  process.exit(1)
}
