/** What people see of a connection's frames: how many, how old they are, and what is wrong with them. */
import { Clock, Duration, Effect } from "effect"
import type { Frame } from "../../services/MarketFeed.ts"
import { Status } from "../../services/Status.ts"
import * as Latency from "./latency.ts"
import * as Lateness from "./Lateness.ts"
import * as Silence from "./Silence.ts"

/** Nobody says any more how old frames are. */
const LATE_LASTS = 30_000

export interface Vigil {
  /** A frame was read: plain code, for every one of them. */
  readonly seen: (frame: Frame) => void
  /** When the last one was, Unix ms. */
  readonly lastFrameAt: () => number
  /** A second has passed; `isRead`: a socket was open and read all the time. */
  readonly tick: (isRead: boolean) => void
  readonly opened: () => void
  /** No socket is left; another one is dialled after so long. */
  readonly closed: (pause: Duration.Duration) => void
}

export const make = Effect.fnUntraced(function* (connection: string) {
  const clock = yield* Clock.Clock
  const status = yield* Status
  const cell = status.connection(connection)
  const silence = Silence.make()
  const lateness = Lateness.make()
  let lastFrameAt = Number.NEGATIVE_INFINITY

  const say = (kind: "silent" | "late", text: string | undefined, lasts = Infinity): void => {
    if (text === undefined) status.well(connection, kind)
    else status.trouble({ subject: connection, kind, text, lasts })
  }
  const latency = Latency.make((millis) => {
    cell.latencyMs = millis
    say("late", lateness(millis), LATE_LASTS)
  })
  const silent = (isRead: boolean): string | undefined => {
    if (!isRead) return silence.pause(cell.frames)
    const seconds = silence.tick(cell.frames)
    return seconds === undefined ? undefined : `nothing was received for ${seconds} s`
  }

  return {
    seen: (frame) => {
      cell.frames++
      lastFrameAt = frame.receivedAt
      latency.seen(frame)
    },
    lastFrameAt: () => lastFrameAt,
    tick: (isRead) => {
      latency.again()
      say("silent", silent(isRead))
    },
    opened: () => {
      cell.downSince = null
      cell.retryAt = null
    },
    closed: (pause) => {
      const now = clock.currentTimeMillisUnsafe()
      cell.downSince ??= now
      cell.retryAt = now + Duration.toMillis(pause)
      cell.latencyMs = null
      silence.pause(cell.frames)
      status.well(connection, "silent")
      status.well(connection, "late")
    }
  } satisfies Vigil
})
