/** The WebSocket side: upgrades, answers to what clients ask, and frames in blocks, one write each. */
import { createHash } from "node:crypto"
import type { IncomingMessage } from "node:http"
import type { Socket } from "node:net"
import { textFrame } from "./frames.ts"

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
const BLOCK_BYTES = 128 * 1024

const TEXT = 1
const CLOSE = 8
const PING = 9

interface Connection {
  readonly socket: Socket
  readonly streams: Set<number>
  block: Buffer
  used: number
}

export interface Connections {
  readonly upgrade: (request: IncomingMessage, socket: Socket) => void
  /** Copies the frame to all that asked for the stream. */
  readonly send: (index: number, frame: Buffer) => void
  /** Writes what has been sent. */
  readonly flush: () => void
  /** Bytes that wait for the slowest client. */
  readonly waiting: () => number
  /** Runs once when a client that was behind has caught up. */
  readonly onDrain: (run: () => void) => void
  readonly count: () => number
  /** Streams that somebody has asked for. */
  readonly subscribed: () => number
}

const unmask = (data: Buffer, mask: Buffer): string =>
  Buffer.from(data.map((byte, index) => byte ^ (mask[index & 3] ?? 0))).toString()

/** The frames that are whole; what is left of the data. */
const readFrames = (data: Buffer, take: (opcode: number, text: string) => void): Buffer => {
  let rest = data
  while (rest.length >= 6) {
    const short = (rest[1] ?? 0) & 127
    const head = short === 126 ? 4 : short === 127 ? 10 : 2
    if (rest.length < head + 4) break
    const size = short === 126 ? rest.readUInt16BE(2) : short === 127 ? Number(rest.readBigUInt64BE(2)) : short
    const end = head + 4 + size
    if (rest.length < end) break
    take((rest[0] ?? 0) & 15, unmask(rest.subarray(head + 4, end), rest.subarray(head, head + 4)))
    rest = rest.subarray(end)
  }
  return rest
}

interface Request {
  readonly method?: string
  readonly params?: ReadonlyArray<string>
  readonly id?: unknown
}

export const make = (names: ReadonlyMap<string, number>): Connections => {
  const connections = new Set<Connection>()
  let byStream: ReadonlyArray<ReadonlyArray<Connection>> = []
  const free: Array<Buffer> = []
  const drained = new Set<() => void>()

  /** Whoever is called may want to be called again. */
  const wake = () => {
    const waiting = [...drained]
    drained.clear()
    for (const run of waiting) run()
  }

  const newBlock = () => free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES)

  const sort = () => {
    byStream = [...names.values()].map((index) => [...connections].filter(({ streams }) => streams.has(index)))
  }

  const write = (connection: Connection) => {
    if (connection.used === 0) return
    const { block, used } = connection
    connection.block = newBlock()
    connection.used = 0
    connection.socket.write(block.subarray(0, used), () => {
      free.push(block)
      if (connection.socket.writableLength > 0) return
      wake()
    })
  }

  const answer = ({ socket, streams }: Connection, text: string) => {
    const { id = null, method, params = [] }: Request = JSON.parse(text)
    for (const name of params) {
      const index = names.get(name)
      if (index === undefined) continue
      if (method === "SUBSCRIBE") streams.add(index)
      else streams.delete(index)
    }
    sort()
    socket.write(textFrame(JSON.stringify({ result: null, id })))
  }

  return {
    upgrade: (request, socket) => {
      const accept = createHash("sha1").update(`${request.headers["sec-websocket-key"]}${GUID}`).digest("base64")
      socket.setNoDelay(true)
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
      )
      const asked = new URL(request.url ?? "/", "http://localhost").searchParams.get("streams")?.split("/") ?? []
      const streams = new Set(asked.flatMap((name) => names.get(name) ?? []))
      const connection: Connection = { socket, streams, block: newBlock(), used: 0 }
      connections.add(connection)
      sort()
      let rest: Buffer = Buffer.alloc(0)
      socket.on("data", (data) => {
        rest = readFrames(Buffer.concat([rest, data]), (opcode, text) => {
          if (opcode === TEXT) answer(connection, text)
          if (opcode === PING) socket.write(Buffer.concat([Buffer.from([0x8a, text.length]), Buffer.from(text)]))
          if (opcode === CLOSE) socket.end(Buffer.from([0x88, 0]))
        })
      })
      socket.on("error", () => socket.destroy())
      socket.on("close", () => {
        connections.delete(connection)
        sort()
        wake()
      })
    },
    send: (index, frame) => {
      const takers = byStream[index]
      if (takers === undefined) return
      for (const connection of takers) {
        if (connection.used + frame.length > BLOCK_BYTES) write(connection)
        frame.copy(connection.block, connection.used)
        connection.used += frame.length
      }
    },
    flush: () => {
      for (const connection of connections) write(connection)
    },
    waiting: () => Math.max(0, ...[...connections].map(({ socket }) => socket.writableLength)),
    onDrain: (run) => void drained.add(run),
    count: () => connections.size,
    subscribed: () => new Set([...connections].flatMap(({ streams }) => [...streams])).size
  }
}
