/**
 * The client reads an answer within the socket's `data` event: one of an impossible size, or that it cannot make sense of, may
 * throw there, which ends the process; a huge one is collected in memory. Here either ends the connection alone.
 */
import type { Socket } from "node:net"
import { NOT_KAFKA, textOf } from "../wire/errors.ts"
import { LARGEST_ANSWER } from "../wire/sockets.ts"

/** A correlation id. */
const SMALLEST_ANSWER = 4
const SIZE_BYTES = 4

/** Follows where answers begin and end; throws at a size that none of Kafka's can have. */
const follower = () => {
  let sizeBytes = 0
  let size = 0
  let left = 0
  return (chunk: Buffer): void => {
    for (let at = 0; at < chunk.length;) {
      if (left > 0) {
        const taken = Math.min(left, chunk.length - at)
        left -= taken
        at += taken
        continue
      }
      size = (size << 8) | (chunk[at++] ?? 0)
      if (++sizeBytes < SIZE_BYTES) continue
      if (size < SMALLEST_ANSWER || size > LARGEST_ANSWER) throw new RangeError(`it announces ${size} bytes`)
      left = size
      sizeBytes = 0
      size = 0
    }
  }
}

/** Between the socket and what the client listens with from the event `opened` on. */
export const guard = (socket: Socket, opened: "connect" | "secureConnect"): void => {
  socket.once(opened, () => {
    const takers = socket.listeners("data")
    socket.removeAllListeners("data")
    const follow = follower()
    socket.on("data", (chunk: Buffer) => {
      try {
        follow(chunk)
        for (const take of takers) take.call(socket, chunk)
      } catch (cause) {
        socket.destroy(new Error(`${NOT_KAFKA}: ${textOf(cause)}`))
      }
    })
  })
}
