/** The WebSocket side: upgrades in every documented form of address, and the connections that come of them. */
import { type IncomingMessage, STATUS_CODES } from "node:http"
import type { Duplex } from "node:stream"
import { WebSocketServer } from "ws"
import type { Agenda } from "./Agenda.ts"
import { Connection, type ConnectionContext, type ConnectionLimits } from "./Connection.ts"
import type { FaultSwitch, HttpAnswer } from "./Faults.ts"
import { Frame } from "./Frame.ts"
import type { Hub } from "./Hub.ts"
import type { TimeUnit } from "./time.ts"
import type { Venue } from "./Venue.ts"

export interface StreamLimits extends ConnectionLimits {
  /** Connection attempts of one address in five minutes. */
  readonly attempts: number
}

export const defaultStreamLimits = {
  lifeMillis: 24 * 3_600_000,
  maxStreams: 1024,
  maxQueuedBytes: 256 * 1024 * 1024,
  attempts: 300
}

const FIVE_MINUTES = 300_000

export interface Target {
  /** Whether a stream is pushed at this address; others are acknowledged and mute. */
  readonly pushes: (stream: string) => boolean
  readonly combined: boolean
  readonly streams: ReadonlyArray<string>
  readonly unit: TimeUnit
}

const units: Readonly<Record<string, TimeUnit>> = {
  MICROSECOND: "us",
  microsecond: "us",
  MILLISECOND: "ms",
  millisecond: "ms"
}

/** Percent-decoded; `undefined` if it cannot be. A plus stays one: `kline_1d@+08:00`. */
const decode = (text: string): string | undefined => {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/** What a client asks for by its address, or the answer that refuses it. */
export const parseTarget = (
  url: string,
  { hasTimeUnit, routes }: Pick<Venue, "routes" | "hasTimeUnit">
): Target | HttpAnswer => {
  const question = url.indexOf("?")
  const whole = decode(question === -1 ? url : url.slice(0, question))
  const [, route = "", path] = /^(?:\/(public|market|private))?(\/(?:stream$|ws(?:\/|$)).*)$/.exec(whole ?? "") ?? []
  const pushes = routes.get(route)
  const query = question === -1 ? "" : url.slice(question + 1)
  const parameters = new Map(
    query.split("&").map((pair) => {
      const equals = pair.indexOf("=")
      return equals === -1 ? [pair, ""] : [pair.slice(0, equals), decode(pair.slice(equals + 1))]
    })
  )
  const unit = units[(hasTimeUnit ? parameters.get("timeUnit") : undefined) ?? "MILLISECOND"]
  if (unit === undefined) {
    return {
      status: 400,
      body: '{"code":-1194,"msg":"Invalid value for time unit; expected either MICROSECOND or MILLISECOND."}'
    }
  }
  const split = (names: string): ReadonlyArray<string> => names.split("/").filter((name) => name !== "")
  if (pushes === undefined || path === undefined) return { status: 404 }
  if (path === "/stream") return { pushes, combined: true, streams: split(parameters.get("streams") ?? ""), unit }
  return { pushes, combined: false, streams: split(path.slice("/ws".length)), unit }
}

const answer = (socket: Duplex, { status, headers = {}, body = "" }: HttpAnswer): void => {
  const all = { Connection: "close", "Content-Length": String(Buffer.byteLength(body)), ...headers }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}`)
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n${lines.join("\r\n")}\r\n\r\n${body}`)
}

export class StreamServer {
  readonly connections = new Set<Connection>()
  readonly #server = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: 1024 * 1024 })
  readonly #venue: Venue
  readonly #limits: StreamLimits
  readonly #faults: FaultSwitch
  readonly #context: ConnectionContext
  readonly #attempts = new Map<string, Array<number>>()
  /** Sockets that are no connections: refused, or left waiting. */
  readonly #others = new Set<Duplex>()
  #accepted = 0

  constructor(options: {
    readonly venue: Venue
    readonly hub: Hub
    readonly agenda: Agenda
    readonly faults: FaultSwitch
    readonly limits: StreamLimits
    readonly now: () => number
    readonly onSubscribed: (connection: Connection) => void
  }) {
    this.#venue = options.venue
    this.#limits = options.limits
    this.#faults = options.faults
    this.#context = { ...options, onClosed: (connection) => this.connections.delete(connection) }
  }

  /** How many connections there have been. */
  get accepted(): number {
    return this.#accepted
  }

  /** Takes over a request for an upgrade. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const url = request.url ?? "/"
    const remoteAddress = request.socket.remoteAddress ?? ""
    socket.on("error", () => socket.destroy())
    this.#others.add(socket)
    socket.once("close", () => this.#others.delete(socket))
    const verdict = this.#faults.current.onUpgrade?.({ url, remoteAddress })
    if (verdict === "hang") return
    if (verdict !== undefined) return answer(socket, verdict.refuse)
    if (!this.#admit(remoteAddress)) return answer(socket, { status: 429, headers: { "Retry-After": "60" } })
    const target = parseTarget(url, this.#venue)
    if ("status" in target) return answer(socket, target)
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      const { combined, pushes, unit } = target
      const id = ++this.#accepted
      const connection = new Connection({ id, url, unit, combined, pushes, webSocket, socket }, this.#context)
      this.#others.delete(socket)
      this.connections.add(connection)
      if (!connection.subscribe(target.streams)) connection.cut({ code: 1008, reason: "Too many subscriptions" })
    })
  }

  tick(now: number): void {
    for (const connection of this.connections) {
      connection.tick(now)
      connection.flush()
    }
  }

  /** Sent to everybody without subscription: reconnect now. */
  announceShutdown(): void {
    const now = this.#context.now()
    for (const connection of this.connections) {
      const payload = `{"e":"serverShutdown","E":${connection.unit === "us" ? now * 1000 : now}}`
      const text = connection.combined ? `{"stream":"!serverShutdown","data":${payload}}` : payload
      connection.push(new Frame("!serverShutdown", text))
      connection.flush()
    }
  }

  /** Ends everything at once. */
  close(): void {
    for (const connection of this.connections) connection.cut("terminate")
    for (const socket of this.#others) socket.destroy()
  }

  #admit(address: string): boolean {
    const now = this.#context.now()
    const recent = (this.#attempts.get(address) ?? []).filter((at) => now - at < FIVE_MINUTES)
    recent.push(now)
    this.#attempts.set(address, recent.slice(-this.#limits.attempts - 1))
    return recent.length <= this.#limits.attempts
  }
}
