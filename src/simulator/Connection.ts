/**
 * One client's connection: what it is subscribed to, what waits for it, and the rules it must keep. Frames of one tick go
 * out in one write; a client that reads slowly is queued for, as the exchange does, up to a bound.
 */
import { Result } from "effect"
import type { Duplex } from "node:stream"
import type { RawData, WebSocket } from "ws"
import type { Agenda } from "./Agenda.ts"
import { acknowledge, parseControl, type RequestId, tooManySubscriptions } from "./control.ts"
import type { ConnectionInfo, Cut, FaultSwitch } from "./Faults.ts"
import { Frame } from "./Frame.ts"
import type { Hub, Subscriber } from "./Hub.ts"
import type { TimeUnit } from "./time.ts"

export interface ConnectionLimits {
  readonly pingEveryMillis: number
  readonly pongWithinMillis: number
  readonly lifeMillis: number
  readonly framesPerSecond: number
  readonly maxStreams: number
  /** A client for whom more than this waits is cut. */
  readonly maxQueuedBytes: number
}

/** What the connections of one server share. */
export interface ConnectionContext {
  readonly hub: Hub
  readonly agenda: Agenda
  readonly faults: FaultSwitch
  readonly limits: ConnectionLimits
  /** Unix ms. */
  readonly now: () => number
  /** Where a subscriber's frames come from if not from the market. */
  readonly onSubscribed: (connection: Connection) => void
  readonly onClosed: (connection: Connection) => void
}

/** How much is handed to the socket before the rest is queued here. */
const SOCKET_BYTES = 4 * 1024 * 1024

export class Connection implements Subscriber, ConnectionInfo {
  readonly id: number
  readonly url: string
  readonly unit: TimeUnit
  readonly streams = new Set<string>()
  combined: boolean
  sent = 0
  /** What its address serves; of all else it gets nothing, and is not told so. */
  readonly #pushes: (stream: string) => boolean
  readonly #context: ConnectionContext
  readonly #webSocket: WebSocket
  readonly #socket: Duplex
  readonly #openedAt: number
  readonly #arrivals: Array<number> = []
  /** The frames since the last flush, and the flushes that the socket has not taken yet. */
  #batch: Array<Buffer> = []
  #queue: Array<Buffer> = []
  #queuedBytes = 0
  #pingedAt: number
  #isFrozen = false
  /** The payload that a pong is awaited for, and since when. */
  #awaited: { readonly payload: string; readonly since: number } | undefined

  constructor(
    options: {
      readonly id: number
      readonly url: string
      readonly unit: TimeUnit
      readonly combined: boolean
      readonly pushes: (stream: string) => boolean
      readonly webSocket: WebSocket
      readonly socket: Duplex
    },
    context: ConnectionContext
  ) {
    this.id = options.id
    this.url = options.url
    this.unit = options.unit
    this.combined = options.combined
    this.#pushes = options.pushes
    this.#webSocket = options.webSocket
    this.#socket = options.socket
    this.#context = context
    this.#openedAt = context.now()
    this.#pingedAt = this.#openedAt
    options.webSocket.on("message", (data) => this.#onMessage(data))
    options.webSocket.on("ping", () => this.#countFrame())
    options.webSocket.on("pong", (data) => this.#onPong(data))
    // Protocol errors of the client: `ws` closes the connection with the right code.
    options.webSocket.on("error", () => {})
    options.webSocket.on("close", () => this.#onClose())
    options.socket.on("drain", () => this.flush())
  }

  get isOpen(): boolean {
    return this.#webSocket.readyState === this.#webSocket.OPEN
  }

  /** What waits to be sent. */
  get queuedBytes(): number {
    return this.#queuedBytes + this.#socket.writableLength
  }

  /** Subscribes unless it would be too many streams. */
  subscribe(names: ReadonlyArray<string>): boolean {
    const added = names.filter((name) => !this.streams.has(name))
    if (this.streams.size + new Set(added).size > this.#context.limits.maxStreams) return false
    for (const name of added) {
      this.streams.add(name)
      if (this.#pushes(name)) this.#context.hub.subscribe(name, this)
    }
    this.#context.onSubscribed(this)
    return true
  }

  unsubscribe(names: ReadonlyArray<string>): void {
    for (const name of names) {
      this.streams.delete(name)
      this.#context.hub.unsubscribe(name, this)
    }
  }

  /** Takes a frame for the next flush. */
  push(frame: Frame): void {
    if (!this.isOpen || this.#isFrozen) return
    this.sent += 1
    const verdict = this.#context.faults.current.onFrame?.(frame, this)
    if (verdict === undefined) this.#enqueue(frame)
    else if ("cut" in verdict) this.cut(verdict.cut)
    else if ("tearAt" in verdict) {
      this.flush()
      this.#socket.write(frame.wire.subarray(0, verdict.tearAt), () => this.#socket.destroy())
      this.#isFrozen = true
    } else if ("replaceWith" in verdict) {
      for (const payload of verdict.replaceWith) this.#enqueue(new Frame(frame.stream, payload))
    } else this.#context.agenda.at(this.#context.now() + verdict.delayMillis, () => this.#enqueue(frame))
  }

  /** Hands what waits to the socket, as much as it takes. */
  flush(): void {
    if (this.#batch.length > 0) {
      this.#queue.push(Buffer.concat(this.#batch))
      this.#batch = []
    }
    while (this.isOpen && !this.#isFrozen && this.#socket.writableLength < SOCKET_BYTES) {
      const bytes = this.#queue.shift()
      if (bytes === undefined) break
      this.#queuedBytes -= bytes.length
      this.#socket.write(bytes)
    }
    if (this.#queuedBytes > this.#context.limits.maxQueuedBytes) this.cut("terminate")
  }

  /** Pings when it is time, and ends what has lived too long or answers no ping. */
  tick(now: number): void {
    const { lifeMillis, pingEveryMillis, pongWithinMillis } = this.#context.limits
    if (!this.isOpen || this.#isFrozen) return
    if (this.#awaited !== undefined && now - this.#awaited.since >= pongWithinMillis) {
      this.cut({ code: 1008, reason: "Pong timeout" })
    } else if (now - this.#openedAt >= lifeMillis) this.cut({ code: 1001, reason: "Session expired" })
    else if (now - this.#pingedAt >= pingEveryMillis) {
      this.#pingedAt = now
      const payload = String(now)
      this.#awaited = { payload, since: this.#awaited?.since ?? now }
      this.#webSocket.ping(payload)
    }
  }

  /** Leaves the connection half-open. */
  freeze(): void {
    this.#isFrozen = true
    this.#socket.pause()
  }

  cut(how: Cut): void {
    if (how === "terminate") this.#webSocket.terminate()
    else {
      this.flush()
      this.#webSocket.close(how.code, how.reason)
    }
  }

  #enqueue(frame: Frame): void {
    this.#batch.push(frame.wire)
    this.#queuedBytes += frame.wire.length
  }

  #answer(text: string): void {
    this.#enqueue(new Frame(undefined, text))
    this.flush()
  }

  /** More frames in one second than allowed end the connection. */
  #countFrame(): boolean {
    if (!this.isOpen) return false
    const now = this.#context.now()
    this.#arrivals.push(now)
    if (this.#arrivals.length <= this.#context.limits.framesPerSecond) return true
    const oldest = this.#arrivals.shift()
    if (oldest === undefined || now - oldest >= 1000) return true
    this.cut({ code: 1008, reason: "Too many requests" })
    return false
  }

  #onPong(data: Buffer): void {
    if (this.#countFrame() && data.toString() === this.#awaited?.payload) this.#awaited = undefined
  }

  #onMessage(data: RawData): void {
    if (!this.#countFrame()) return
    const text = Buffer.isBuffer(data) ? data.toString() : ""
    Result.match(parseControl(text), {
      onFailure: (error) => this.#answer(error),
      onSuccess: (request) => {
        switch (request.method) {
          case "SUBSCRIBE":
            return this.#subscribeLive(request.params, request.id)
          case "UNSUBSCRIBE":
            this.unsubscribe(request.params)
            return this.#answer(acknowledge(request.id))
          case "LIST_SUBSCRIPTIONS":
            return this.#answer(acknowledge(request.id, [...this.streams]))
          case "SET_PROPERTY":
            this.combined = request.combined
            return this.#answer(acknowledge(request.id))
          case "GET_PROPERTY":
            return this.#answer(acknowledge(request.id, this.combined))
        }
      }
    })
  }

  #subscribeLive(names: ReadonlyArray<string>, id: RequestId): void {
    const verdict = this.#context.faults.current.onSubscribe?.(names, this)
    if (verdict === "ignore") return
    if (verdict === "acknowledge only") return this.#answer(acknowledge(id))
    if (verdict !== undefined) return this.#answer(verdict.answer)
    const isAccepted = this.subscribe(names)
    this.#answer(isAccepted ? acknowledge(id) : tooManySubscriptions(id))
    if (!isAccepted) this.cut({ code: 1008, reason: "Too many subscriptions" })
  }

  #onClose(): void {
    this.unsubscribe([...this.streams])
    this.#batch = []
    this.#queue = []
    this.#queuedBytes = 0
    this.#context.onClosed(this)
  }
}
