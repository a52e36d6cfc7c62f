/** No Kafka: what would be sent is counted. */
import { sayCount } from "../count.ts"
import type { Driver } from "./Driver.ts"

export const open = (): Driver => {
  const counter = sayCount()
  const store = (messages: ReadonlyArray<unknown>) => {
    counter.add(messages.length)
    return Promise.resolve()
  }
  return {
    sendAll: store,
    sendPartition: (_topic, _partition, messages) => store(messages),
    close: () => Promise.resolve(counter.close())
  }
}
