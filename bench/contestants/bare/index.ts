import { fileURLToPath } from "node:url"
import { commonEnvironment, type Contestant } from "../job.ts"

const MAIN = fileURLToPath(new URL("main.ts", import.meta.url))

const ABOUT = "ws, JSON.parse, JSON.stringify, no validation"

export const bare = (driver: "kafkajs" | "platformatic" | "null", isSerial = false): Contestant => ({
  name: `bare-${driver}${isSerial ? "-serial" : ""}`,
  about: `${ABOUT}; ${driver === "null" ? "counts only" : driver}${isSerial ? ", one partition a send, one in flight each" : ""}`,
  storesInKafka: driver !== "null",
  command: (job) => ({
    args: [MAIN, "--driver", driver, ...(isSerial ? ["--serial"] : [])],
    environment: commonEnvironment(job)
  })
})
