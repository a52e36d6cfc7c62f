/** No Kafka: what is sent is counted and said on stdout. */
import type { Driver } from "./Driver.ts"

export const open = (): Driver => {
  let count = 0
  const say = () => void process.stdout.write(`${Date.now()} ${count}\n`)
  const timer = setInterval(say, 100)
  const store = (messages: ReadonlyArray<unknown>) => {
    count += messages.length
    return Promise.resolve()
  }
  return {
    sendAll: store,
    sendPartition: (_topic, _partition, messages) => store(messages),
    close: () => {
      clearInterval(timer)
      say()
      return Promise.resolve()
    }
  }
}
