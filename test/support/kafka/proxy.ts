/** A TCP proxy on loopback that a test can turn against a connection: answers are lost or held back, requests get through. */
import { EventEmitter, once } from "node:events"
import net from "node:net"
import { setTimeout } from "node:timers/promises"

export interface Proxy {
  readonly port: number
  /** What to do with an answer: pass it on, lose it and the connection with it, or keep it for ever. */
  answers: "pass" | "lose" | "hold"
  /** How much later each answer is passed on, ms. */
  delayMillis: number
  /** How many answers were lost or held. */
  readonly withheld: () => number
  /** The next request that is passed on. */
  readonly nextRequest: () => Promise<void>
  /** Ends every connection, as a broker does with idle ones; completes when both sides have closed. */
  readonly dropConnections: () => Promise<void>
  readonly close: () => Promise<void>
}

export const startProxy = async (upstream: () => number): Promise<Proxy> => {
  const sockets = new Set<net.Socket>()
  const requests = new EventEmitter()
  let withheld = 0

  const track = (socket: net.Socket, peer: () => net.Socket) => {
    sockets.add(socket)
    socket.setNoDelay(true)
    socket.on("error", () => {})
    socket.once("close", () => {
      sockets.delete(socket)
      peer().destroy()
    })
  }

  const server = net.createServer((client) => {
    const broker = net.connect(upstream(), "127.0.0.1")
    /** Answers on their way: a later one must not overtake them. */
    let held = 0
    let before: Promise<unknown> = Promise.resolve()
    track(client, () => broker)
    track(broker, () => client)
    client.pipe(broker)
    client.on("data", () => requests.emit("request"))
    client.once("end", () => broker.end())
    broker.once("end", () => client.end())
    broker.on("data", (data) => {
      if (proxy.answers === "pass") {
        if (proxy.delayMillis === 0 && held === 0) client.write(data)
        else {
          held++
          before = Promise.all([before, setTimeout(proxy.delayMillis)]).then(() => {
            held--
            client.write(data)
          })
        }
      } else withheld++
      if (proxy.answers === "lose") client.destroy()
    })
  })
  await once(server.listen(0, "127.0.0.1"), "listening")

  const proxy: Proxy = {
    port: (server.address() as net.AddressInfo).port,
    answers: "pass",
    delayMillis: 0,
    withheld: () => withheld,
    nextRequest: () => once(requests, "request").then(() => {}),
    dropConnections: async () => {
      await Promise.all(
        [...sockets].map((socket) => {
          // An answer that comes behind the end is an error, and nobody's concern.
          const closed = new Promise((resolve) => socket.once("close", resolve))
          socket.end()
          return closed
        })
      )
    },
    close: async () => {
      for (const socket of sockets) socket.destroy()
      await once(server.close(), "close")
    }
  }
  return proxy
}
