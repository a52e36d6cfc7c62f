/** Batches of 100 messages or 100 ms, of which so many are sent side by side. */
import type { Message } from "./envelope.ts"

const SIZE = 100
const MILLIS = 100

export interface Lane {
  readonly add: (message: Message) => void
  /** The batch that is open goes out as it is. */
  readonly seal: () => void
  /** Batches that wait for their turn. */
  readonly waiting: () => number
  readonly isIdle: () => boolean
}

export const make = (options: {
  readonly inFlight: number
  readonly send: (messages: ReadonlyArray<Message>) => Promise<void>
  /** Something was sealed or stored. */
  readonly changed: () => void
}): Lane => {
  const sealed: Array<ReadonlyArray<Message>> = []
  let open: Array<Message> = []
  let timer: NodeJS.Timeout | undefined
  let inFlight = 0

  const store = async (messages: ReadonlyArray<Message>) => {
    try {
      await options.send(messages)
    } catch (error) {
      // As a bare script does: said, and lost.
      process.stderr.write(`${messages.length} messages lost: ${String(error)}\n`)
    }
    inFlight--
    next()
  }

  const next = () => {
    while (inFlight < options.inFlight) {
      const messages = sealed.shift()
      if (messages === undefined) break
      inFlight++
      void store(messages)
    }
    options.changed()
  }

  const seal = () => {
    clearTimeout(timer)
    timer = undefined
    if (open.length === 0) return
    sealed.push(open)
    open = []
    next()
  }

  return {
    add: (message) => {
      open.push(message)
      if (open.length >= SIZE) seal()
      else timer ??= setTimeout(seal, MILLIS)
    },
    seal,
    waiting: () => sealed.length,
    isIdle: () => inFlight === 0 && sealed.length === 0 && open.length === 0
  }
}
