/** A contestant without Kafka says on stdout how many messages it has taken: every 100 ms, and at the end. */

export const sayCount = () => {
  let count = 0
  const say = () => void process.stdout.write(`${Date.now()} ${count}\n`)
  const timer = setInterval(say, 100)
  return {
    add: (messages: number) => {
      count += messages
    },
    close: () => {
      clearInterval(timer)
      say()
    }
  }
}
