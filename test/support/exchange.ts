/** A WebSocket server that a test plays by hand: each connection is handed out as it is accepted. */
import { createServer, type IncomingMessage, type Server } from "node:http"
import type { AddressInfo, Socket } from "node:net"
import { Effect, Queue } from "effect"
import { type WebSocket, WebSocketServer } from "ws"

export interface Accepted {
  readonly socket: WebSocket
  readonly path: string
  /** What the client has sent, parsed. */
  readonly received: Queue.Queue<unknown>
  readonly pings: Queue.Queue<string>
  readonly pongs: Queue.Queue<string>
  /** Code and reason, once closed. */
  readonly closed: Queue.Queue<number>
}

export interface Refusal {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
}

const accept = (socket: WebSocket, request: IncomingMessage) =>
  Effect.gen(function* () {
    const accepted: Accepted = {
      socket,
      path: request.url ?? "",
      received: yield* Queue.unbounded<unknown>(),
      pings: yield* Queue.unbounded<string>(),
      pongs: yield* Queue.unbounded<string>(),
      closed: yield* Queue.unbounded<number>()
    }
    socket.on("error", () => {})
    socket.on("message", (data) => Queue.offerUnsafe(accepted.received, JSON.parse(String(data))))
    socket.on("ping", (data) => Queue.offerUnsafe(accepted.pings, String(data)))
    socket.on("pong", (data) => Queue.offerUnsafe(accepted.pongs, String(data)))
    socket.on("close", (code) => Queue.offerUnsafe(accepted.closed, code))
    return accepted
  })

const listen = (server: Server, port: number) =>
  Effect.callback<number>((resume) => {
    server.listen(port, "127.0.0.1", () => resume(Effect.succeed((server.address() as AddressInfo).port)))
  })

/** `refuse` is asked at each upgrade; the n-th attempt counts from 1. Port 0: a free one. */
export const make = (refuse: (attempt: number) => Refusal | undefined = () => undefined, onPort = 0) =>
  Effect.gen(function* () {
    const runSync = Effect.runSyncWith(yield* Effect.context<never>())
    const connections = yield* Queue.unbounded<Accepted>()
    const attempts = yield* Queue.unbounded<number>()
    const server = createServer()
    const sockets = new Set<Socket>()
    const ws = new WebSocketServer({ noServer: true, autoPong: false })
    let count = 0
    server.on("connection", (socket) => {
      sockets.add(socket)
      socket.once("close", () => sockets.delete(socket))
    })
    server.on("upgrade", (request, socket, head) => {
      count++
      Queue.offerUnsafe(attempts, count)
      const refusal = refuse(count)
      if (refusal !== undefined) {
        const headers = Object.entries(refusal.headers ?? {}).map(([name, value]) => `${name}: ${value}\r\n`)
        socket.end(`HTTP/1.1 ${refusal.status} No\r\n${headers.join("")}Content-Length: 0\r\nConnection: close\r\n\r\n`)
        return
      }
      ws.handleUpgrade(request, socket, head, (socket) =>
        Queue.offerUnsafe(connections, runSync(accept(socket, request)))
      )
    })
    const port = yield* Effect.acquireRelease(listen(server, onPort), () =>
      Effect.callback<void>((resume) => {
        for (const socket of sockets) socket.destroy()
        server.close(() => resume(Effect.void))
      })
    )
    return { url: new URL(`ws://127.0.0.1:${port}/stream`), connections, attempts }
  })
