import { fileURLToPath } from "node:url"
import { commonEnvironment, type Contestant } from "../job.ts"

export const naiveEffect: Contestant = {
  name: "naive-effect",
  about: "an Effect for each message: metric, decoding with validation, envelope; kafkajs, one send at a time",
  storesInKafka: true,
  command: (job) => ({
    args: [fileURLToPath(new URL("main.ts", import.meta.url))],
    environment: commonEnvironment(job)
  })
}
