/** A server on the loopback that speaks just enough Kafka to be connected to, and then misbehaves as a test says. */
import { once } from "node:events"
import net from "node:net"
import { Effect } from "effect"

export const API = { produce: 0, listOffsets: 2, apiVersions: 18 } as const

/** Which versions of its API it knows: the first of each that have one offset a partition, and record batches. */
const VERSIONS = [API.produce, 3, 7, API.listOffsets, 1, 1, API.apiVersions, 0, 2]

/** The answer to a request that has the correlation id `id`. */
const frame = (id: number, body: Buffer): Buffer => {
  const head = Buffer.alloc(8)
  head.writeInt32BE(body.length + 4)
  head.writeInt32BE(id, 4)
  return Buffer.concat([head, body])
}

/** Of the form that both clients can read; a client that asks in the first takes no notice of the time at the end. */
const versions = (): Buffer => {
  const body = Buffer.alloc(6 + VERSIONS.length * 2 + 4)
  body.writeInt32BE(VERSIONS.length / 3, 2)
  for (const [n, value] of VERSIONS.entries()) body.writeInt16BE(value, 6 + n * 2)
  return body
}

/** The answer to what a connection begins with. */
export const greeting = (api: number, id: number): Buffer => {
  if (api === API.apiVersions) return frame(id, versions())
  return api === API.listOffsets ? frame(id, Buffer.alloc(4)) : Buffer.alloc(0)
}

export const greet = (socket: net.Socket, api: number, id: number): void => {
  const answer = greeting(api, id)
  if (answer.length > 0) socket.write(answer)
}

/** `asked` hears of every request; the port that it listens on. */
export const listen = (asked: (socket: net.Socket, api: number, id: number) => void) =>
  Effect.acquireRelease(
    Effect.promise(async () => {
      const sockets = new Set<net.Socket>()
      const server = net.createServer((socket) => {
        sockets.add(socket)
        let rest = Buffer.alloc(0)
        socket.on("error", () => {})
        socket.on("data", (data: Buffer) => {
          rest = Buffer.concat([rest, data])
          while (rest.length >= 12 && rest.length >= 4 + rest.readInt32BE()) {
            const request = rest.subarray(4, 4 + rest.readInt32BE())
            rest = rest.subarray(4 + request.length)
            asked(socket, request.readInt16BE(), request.readInt32BE(4))
          }
        })
      })
      server.listen(0, "127.0.0.1")
      await once(server, "listening")
      const address = server.address()
      return { server, sockets, port: typeof address === "object" && address !== null ? address.port : 0 }
    }),
    ({ server, sockets }) =>
      Effect.promise(async () => {
        for (const socket of sockets) socket.destroy()
        server.close()
        await once(server, "close")
      })
  ).pipe(Effect.map(({ port }) => port))
