/** A consumer that shares no code with any contestant: one Fetch request after another over one connection, no group. */
import { once } from "node:events"
import { connect } from "node:net"
import { type Visit, visitValues } from "./batches.ts"

const FETCH = 1
/** The first that carries record batches of today. */
const VERSION = 4
/** What a broker says of a topic that has just been created: unknown, no leader yet, not the leader yet. */
const NOT_YET = new Set([3, 5, 6])
const MAX_WAIT_MILLIS = 100
const MAX_BYTES = 16 * 1024 * 1024
const PARTITION_BYTES = 2 * 1024 * 1024

export interface Position {
  readonly topic: string
  readonly partition: number
  next: number
}

export interface Reader {
  /** What has come since, as soon as there is something, or after 100 ms. */
  readonly poll: (visit: (position: Position) => Visit) => Promise<void>
  readonly close: () => void
}

const int16 = (value: number): Buffer => {
  const data = Buffer.alloc(2)
  data.writeInt16BE(value)
  return data
}
const int32 = (value: number): Buffer => {
  const data = Buffer.alloc(4)
  data.writeInt32BE(value)
  return data
}
const int64 = (value: number): Buffer => {
  const data = Buffer.alloc(8)
  data.writeBigInt64BE(BigInt(value))
  return data
}
const text = (value: string): Buffer => Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])

const request = (positions: ReadonlyArray<Position>): Buffer => {
  const byTopic = [...Map.groupBy(positions, ({ topic }) => topic)]
  const body = Buffer.concat([
    int16(FETCH),
    int16(VERSION),
    int32(0),
    text("bench-reader"),
    int32(-1),
    int32(MAX_WAIT_MILLIS),
    int32(1),
    int32(MAX_BYTES),
    Buffer.from([0]),
    int32(byTopic.length),
    ...byTopic.flatMap(([topic, some]) => [
      text(topic),
      int32(some.length),
      ...some.flatMap(({ next, partition }) => [int32(partition), int64(next), int32(PARTITION_BYTES)])
    ])
  ])
  return Buffer.concat([int32(body.length), body])
}

const read = (answer: Buffer, find: (topic: string, partition: number) => (set: Buffer) => void): void => {
  // Correlation id and throttle time.
  let at = 8
  const next32 = () => answer.readInt32BE((at += 4) - 4)
  for (let topics = next32(); topics > 0; topics--) {
    const length = answer.readInt16BE(at)
    const topic = answer.toString("utf8", at + 2, at + 2 + length)
    at += 2 + length
    for (let partitions = next32(); partitions > 0; partitions--) {
      const partition = next32()
      const error = answer.readInt16BE(at)
      if (error !== 0 && !NOT_YET.has(error)) throw new Error(`fetching ${topic}/${partition}: error ${error}`)
      // The error, and two offsets.
      at += 18
      const aborted = next32()
      at += Math.max(0, aborted) * 16
      const size = Math.max(0, next32())
      find(topic, partition)(answer.subarray(at, at + size))
      at += size
    }
  }
}

export const open = async (bootstrap: string, positions: ReadonlyArray<Position>): Promise<Reader> => {
  const [host = "", port = ""] = bootstrap.split(":")
  const socket = connect(Number(port), host)
  socket.setNoDelay(true)
  await once(socket, "connect")
  const byName = new Map(positions.map((position) => [`${position.topic}/${position.partition}`, position]))

  let answered: (answer: Buffer) => void = () => undefined
  let failed: (error: Error) => void = () => undefined
  let parts: Array<Buffer> = []
  let size = 0
  socket.on("data", (data) => {
    parts.push(data)
    size += data.length
    const [first = data] = parts
    if (size < 4 || (first.length >= 4 && size < first.readInt32BE(0) + 4)) return
    const whole = parts.length === 1 ? first : Buffer.concat(parts)
    parts = [whole]
    if (size < whole.readInt32BE(0) + 4) return
    parts = []
    size = 0
    answered(whole.subarray(4))
  })
  socket.on("error", (error) => failed(error))
  socket.on("close", () => failed(new Error("the broker has closed the connection")))

  return {
    poll: async (visit) => {
      const answer = await new Promise<Buffer>((resolve, reject) => {
        answered = resolve
        failed = reject
        socket.write(request(positions))
      })
      read(answer, (topic, partition) => (set) => {
        const position = byName.get(`${topic}/${partition}`)
        if (position !== undefined) position.next = visitValues(set, position.next, visit(position))
      })
    },
    close: () => void socket.destroy()
  }
}
