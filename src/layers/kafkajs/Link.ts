/**
 * One connection to one broker, used once: when it breaks, another takes its place. Every wait has a limit, and where it is
 * reached the socket is cut, so that nothing can be written late.
 */
import net from "node:net"
import tls from "node:tls"
import { Duration, Effect, Option, Redacted, Semaphore } from "effect"
import type { ISocketFactory, SASLOptions } from "kafkajs"
import Broker from "kafkajs/src/broker/index.js"
import type { Logger } from "kafkajs/src/loggers/index.js"
import ConnectionPool from "kafkajs/src/network/connectionPool.js"
import apiKeys from "kafkajs/src/protocol/requests/apiKeys.js"
import { type Definition, type Protocol, requests } from "kafkajs/src/protocol/requests/index.js"
import type { KafkaSettings, Sasl, Tls } from "../../schema/Settings.ts"
import { KafkaError } from "../../services/KafkaDriver.ts"
import { ofThrown } from "./errors.ts"

const CONNECT_LIMIT = Duration.seconds(4)
const CLOSE_LIMIT = Duration.seconds(2)
const KEEP_ALIVE_MS = 60_000
/** A broker takes the requests of a connection one by one: more would only wait in its buffers. */
const IN_FLIGHT = 5

export interface Address {
  readonly host: string
  readonly port: number
}

export interface Link {
  /** Connecting, or connected. */
  readonly usable: () => boolean
  /** Completes once it is connected and authenticated. */
  readonly ready: Effect.Effect<void, KafkaError>
  /** Sends a request; gives the answer with its error codes, or undefined where none is expected. */
  readonly call: <I, O>(
    api: keyof typeof apiKeys,
    definition: Definition<I, O>,
    input: I,
    limit: Duration.Duration,
    /** The request is made and about to be written. */
    onEncoded?: () => void
  ) => Effect.Effect<O | undefined, KafkaError>
  readonly close: Effect.Effect<void>
}

export const tlsOptions = ({ ca, cert, key }: Tls): tls.ConnectionOptions => ({
  ...(Option.isSome(ca) ? { ca: ca.value } : {}),
  ...(Option.isSome(cert) ? { cert: cert.value } : {}),
  ...(Option.isSome(key) ? { key: Redacted.value(key.value) } : {})
})

export const saslOptions = ({ mechanism, password, username }: Sasl): SASLOptions => ({
  mechanism,
  username,
  password: Redacted.value(password)
})

const closed = (socket: net.Socket) =>
  Effect.callback<void>((resume) => {
    if (socket.closed) return resume(Effect.void)
    socket.once("close", () => resume(Effect.void))
  })

/** Completes when the system has taken all that was written; the limit around it is what ends it otherwise. */
const flushed = (socket: net.Socket) =>
  Effect.callback<void, Error>((resume) => {
    if (socket.writableLength === 0) return resume(Effect.void)
    // Called in its turn, behind what was written before.
    socket.write("", (error) => resume(error ? Effect.fail(error) : Effect.void))
  })

/** Says when the request is made and about to be written; leaves the answer's codes to whoever knows what they mean. */
const observed = <O>({ request, response }: Protocol<O>, onEncoded: () => void): Protocol<O> => ({
  request: {
    ...request,
    encode: async () => {
      const encoded = await request.encode()
      onEncoded()
      return encoded
    }
  },
  response: { decode: response.decode, parse: async (answer) => answer }
})

export const open = (
  { host, port }: Address,
  settings: KafkaSettings,
  logger: Logger,
  /** A broker has answered these settings before. */
  hasWorked: () => boolean = () => false
): Link => {
  const sockets = new Set<net.Socket>()
  const turns = Semaphore.makeUnsafe(IN_FLIGHT)
  let opened = false
  let broken = false
  let connected = false

  const socketFactory: ISocketFactory = ({ host, onConnect, port, ssl }) => {
    // kafkajs would open another one for a request that comes after the end.
    if (opened) throw new Error("the connection has ended")
    opened = true
    const socket = ssl
      ? tls.connect({ host, port, ...(net.isIP(host) === 0 ? { servername: host } : {}), ...ssl }, onConnect)
      : net.connect({ host, port }, onConnect)
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    socket.setNoDelay(true)
    sockets.add(socket)
    socket.once("close", () => sockets.delete(socket))
    return socket
  }

  const connectionPool = new ConnectionPool({
    host,
    port,
    clientId: settings.clientId,
    ...(Option.isSome(settings.tls) ? { ssl: tlsOptions(settings.tls.value) } : {}),
    ...(Option.isSome(settings.sasl) ? { sasl: saslOptions(settings.sasl.value) } : {}),
    socketFactory,
    connectionTimeout: Duration.toMillis(CONNECT_LIMIT),
    // Ours, which cut the socket; kafkajs's would leave the request on its way.
    requestTimeout: 0,
    enforceRequestTimeout: false,
    logger
  })
  // It would open a second one for Fetch.
  connectionPool.getConnectionByRequest = () => connectionPool.getConnection(0)

  const broker = new Broker({
    logger,
    authenticationTimeout: Duration.toMillis(CONNECT_LIMIT),
    connectionPool
  })

  /** Whatever waits for an answer fails with the reason. */
  const cut = (reason: string): void => {
    broken = true
    for (const socket of sockets) socket.destroy(new Error(reason))
  }

  /** Opens it and asks for nothing: a port that wants SASL closes a connection without it only at the first question. */
  const connect = async (): Promise<void> => {
    try {
      await broker.connect()
      await broker.connectionPool.send(broker.lookupRequest(apiKeys.ListOffsets, requests.ListOffsets)({ topics: [] }))
      connected = true
    } catch (error) {
      cut("not connected")
      throw error
    }
  }

  const connecting = connect()
  // Whoever waits hears of it; nobody may be waiting any more.
  connecting.catch(() => {})

  const where = `${host}:${port}`

  const thrown = (cause: unknown, written: boolean) => {
    const { code = "", kind, message } = ofThrown(cause, written, connected || hasWorked())
    return new KafkaError({ kind, code, message: `${where}: ${message}`, cause })
  }

  const tooLate = (limit: Duration.Duration, kind: KafkaError["kind"]) => {
    const reason = `no answer within ${Duration.format(limit)}`
    cut(reason)
    return Effect.fail(new KafkaError({ kind, message: `${where}: ${reason}` }))
  }

  const ready = Effect.tryPromise({ try: () => connecting, catch: (cause) => thrown(cause, false) }).pipe(
    Effect.timeoutOrElse({ duration: CONNECT_LIMIT, orElse: () => tooLate(CONNECT_LIMIT, "Unreachable") })
  )

  const allFlushed = Effect.suspend(() => Effect.forEach(sockets, flushed, { discard: true })).pipe(
    Effect.mapError((cause) => thrown(cause, true))
  )

  const call: Link["call"] = (api, definition, input, limit, onEncoded) =>
    // The limit begins with the request's turn: it is the broker's to keep, not that of the requests before it.
    turns.withPermit(
      Effect.suspend(() => {
        /** A record may be stored. */
        let written = false
        const attempt = async () => {
          const protocol = broker.lookupRequest(apiKeys[api], definition)(input)
          const encoded = () => {
            written = api === "Produce"
            onEncoded?.()
          }
          return broker.connectionPool.send(observed(protocol, encoded))
        }
        return Effect.tryPromise({ try: attempt, catch: (cause) => thrown(cause, written) }).pipe(
          // Where no answer is expected, kafkajs would write without end to a broker that does not read.
          Effect.tap((answer) => (answer === undefined ? allFlushed : Effect.void)),
          Effect.timeoutOrElse({
            duration: limit,
            orElse: () => tooLate(limit, written ? "Doubt" : "Unreachable")
          })
        )
      })
    )

  return {
    usable: () => !broken && (!connected || broker.isConnected()),
    ready,
    call,
    close: Effect.promise(() => broker.disconnect().catch(() => {})).pipe(
      // What was written last must still go out.
      Effect.andThen(Effect.forEach(sockets, closed, { concurrency: "unbounded", discard: true })),
      Effect.timeoutOption(CLOSE_LIMIT),
      Effect.andThen(Effect.sync(() => cut("closed")))
    )
  }
}
