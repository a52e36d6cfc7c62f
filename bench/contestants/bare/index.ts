import { fileURLToPath } from "node:url"
import type { Contestant } from "../job.ts"

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url))

const ABOUT = "ws, JSON.parse, JSON.stringify, no validation"

export const bare = (driver: "kafkajs" | "platformatic" | "null", isSerial = false): Contestant => ({
  name: `bare-${driver}${isSerial ? "-serial" : ""}`,
  about: `${ABOUT}; ${driver === "null" ? "counts only" : driver}${isSerial ? ", one partition a send, one in flight each" : ""}`,
  storesInKafka: driver !== "null",
  command: (job) => ({
    args: [MAIN, "--driver", driver, ...(isSerial ? ["--serial"] : [])],
    environment: {
      BINANCE_WS_URL: `ws://127.0.0.1:${job.exchangePort}/stream`,
      BINANCE_STREAMS: job.streams.join(","),
      KAFKA_BOOTSTRAP_SERVERS: job.bootstrap,
      KAFKA_ACKS: job.acks,
      KAFKA_COMPRESSION: job.compression,
      TOPIC_PREFIX: job.topicPrefix
    }
  })
})
