/** What a simulator is doing, as a line. */
import type { Simulator } from "../simulator/Simulator.ts"
import { countText } from "./amounts.ts"

export const trafficLine = ({ rest, streams }: Pick<Simulator, "rest" | "streams">): ((seconds: number) => string) => {
  /** By connection, also those that are gone. */
  const sent = new Map<number, number>()
  let last = { seconds: 0, frames: 0 }
  return (seconds) => {
    for (const connection of streams.connections) sent.set(connection.id, connection.sent)
    const frames = Array.from(sent.values()).reduce((sum, count) => sum + count, 0)
    const names = new Set(Array.from(streams.connections).flatMap((connection) => [...connection.streams]))
    const rate = Math.round((frames - last.frames) / Math.max(seconds - last.seconds, 0.001))
    last = { seconds, frames }
    return `${countText(streams.connections.size, "connection")}, ${countText(names.size, "stream")}, ${countText(frames, "frame")}, ${rate}/s, ${countText(rest.requests, "REST request")}`
  }
}
