/** When events are sent: so many a second, spread over its milliseconds, or as fast as they are taken. */
import type { Connections } from "./Connections.ts"
import type { Market } from "./Market.ts"

/** Events of one write in a flood: 50 to 60 KB, one segment on the loopback interface. */
const FLOOD_BATCH = 256

/** At a fixed rate, what a client does not take is kept for it up to here; beyond it the generator falls behind. */
const MOST_WAITING_BYTES = 96 * 1024 * 1024

export interface Pace {
  /** Events a second; 0: as fast as they are taken. */
  readonly start: (rate: number) => void
  readonly stop: () => void
  /** Events that should have gone out by now at the fixed rates, and have not: the client is too far behind. */
  readonly behind: () => number
}

export const make = (market: Market, connections: Connections): Pace => {
  let stopCurrent: () => void = () => undefined
  let behind = 0

  const send = (count: number) => {
    market.emit(count, Date.now(), connections.send)
    connections.flush()
  }

  const flood = () => {
    let running = true
    const turn = () => {
      if (!running) return
      if (connections.count() > 0) send(FLOOD_BATCH)
      if (connections.waiting() === 0) setImmediate(turn)
      else connections.onDrain(turn)
    }
    turn()
    return () => {
      running = false
    }
  }

  const steady = (rate: number) => {
    const began = performance.now()
    let done = 0
    const timer = setInterval(() => {
      const due = Math.floor(((performance.now() - began) * rate) / 1000) - done
      done += due
      if (connections.waiting() > MOST_WAITING_BYTES) behind += due
      else if (due > 0) send(due)
    }, 1)
    return () => clearInterval(timer)
  }

  return {
    start: (rate) => {
      stopCurrent()
      stopCurrent = rate === 0 ? flood() : steady(rate)
    },
    stop: () => {
      stopCurrent()
      stopCurrent = () => undefined
    },
    behind: () => behind
  }
}
