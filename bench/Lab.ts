/** What all runs share: a real Kafka, its topics, a folder. */
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Broker, startBroker } from "../test/support/kafka/broker.ts"
import * as Topics from "./kafka/Topics.ts"

export interface Lab {
  readonly broker: Broker
  readonly topics: Topics.Topics
  readonly folder: string
  readonly close: () => Promise<void>
}

export const open = async (): Promise<Lab> => {
  const broker = await startBroker({ heapMegabytes: 512 })
  const topics = await Topics.open(broker.bootstrap)
  const folder = await mkdtemp(join(tmpdir(), "bench-"))
  return {
    broker,
    topics,
    folder,
    close: async () => {
      await topics.close()
      await broker.remove()
      await rm(folder, { recursive: true, force: true })
    }
  }
}
