/** How long frames are on their way: a few are looked at once a second, not every one. */
import type { Frame } from "../../services/MarketFeed.ts"

/** The event time stands at the beginning of a payload. */
const HEAD_BYTES = 256
const EVENT_TIME = /"E":(\d{13})(\d{3})?[,}]/

/** Not all kinds bear an event time: so many frames are looked at until one does. */
const LOOKS = 16

/** From the exchange's event time, in ms or µs, to our reading, ms; undefined where the frame bears none. */
export const latencyOf = ({ bytes, receivedAt }: Frame): number | undefined => {
  const head = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, HEAD_BYTES))
  const [, millis, micros = "0"] = EVENT_TIME.exec(head.toString("latin1")) ?? []
  return millis === undefined ? undefined : receivedAt - Number(millis) - Number(micros) / 1000
}

/** Looks at the next frames after every `again`, until one says it. */
export const make = (say: (millis: number) => void) => {
  let looks = LOOKS
  return {
    again: () => {
      looks = LOOKS
    },
    seen: (frame: Frame): void => {
      if (looks === 0) return
      looks--
      const millis = latencyOf(frame)
      if (millis === undefined) return
      looks = 0
      say(millis)
    }
  }
}
