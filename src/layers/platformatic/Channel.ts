/**
 * What @platformatic/kafka needs for one connection that is used once: every failure ends it, and is told by what caused it.
 * Requests are made on it as they are; its producer, consumer and admin are left out.
 */
import net from "node:net"
import {
  apiVersionsV1,
  Connection as Client,
  ConnectionStatuses,
  NetworkError,
  ResponseError
} from "@platformatic/kafka"
import { Duration, Option, Redacted } from "effect"
import type { KafkaSettings, Sasl } from "../../schema/Settings.ts"
import type { Address } from "../wire/Address.ts"
import { NOT_KAFKA, textOf } from "../wire/errors.ts"
import { CONNECT_LIMIT, IN_FLIGHT } from "../wire/Link.ts"
import { KEEP_ALIVE_MS, tlsOptions } from "../wire/sockets.ts"
import { guard } from "./frames.ts"
import { applyLetGo } from "./patches.ts"
import { type Known, newest, type Versioned } from "./versions.ts"

/** A last resort: our own limits are shorter, and cut the socket. */
const REQUEST_TIMEOUT_MS = 60_000

const MECHANISMS = { plain: "PLAIN", "scram-sha-256": "SCRAM-SHA-256", "scram-sha-512": "SCRAM-SHA-512" } as const

const saslOptions = ({ mechanism, password, username }: Sasl) => ({
  mechanism: MECHANISMS[mechanism],
  username,
  password: Redacted.value(password)
})

export interface Channel {
  /** Opens it, authenticates and asks which requests the broker knows. */
  readonly open: () => Promise<void>
  readonly isOpen: () => boolean
  readonly close: () => Promise<void>
  readonly socket: () => net.Socket | undefined
  /** Runs a request in the newest of these forms that the broker knows. */
  readonly ask: <V extends Versioned, A>(
    versions: ReadonlyArray<V>,
    request: (version: V, client: Client) => Promise<A>
  ) => Promise<A>
}

export const make = ({ host, port }: Address, settings: KafkaSettings): Channel => {
  applyLetGo()
  const isTls = Option.isSome(settings.tls)
  const client = new Client(settings.clientId, {
    connectTimeout: Duration.toMillis(CONNECT_LIMIT),
    requestTimeout: REQUEST_TIMEOUT_MS,
    maxInflights: IN_FLIGHT,
    ...(Option.isSome(settings.tls) ? { tls: tlsOptions(settings.tls.value) } : {}),
    ...(isTls && net.isIP(host) === 0 ? { tlsServerName: host } : {}),
    ...(Option.isSome(settings.sasl) ? { sasl: saslOptions(settings.sasl.value) } : {})
  })
  // Whoever waits is told; nobody may be waiting any more.
  client.on("error", () => {})

  let socket: net.Socket | undefined
  let known: Known = new Map()
  /** Why the socket has ended: the client says only that it has. */
  let reason: Error | undefined

  const isOpen = (): boolean =>
    socket?.destroyed === false &&
    (client.status === ConnectionStatuses.CONNECTED || client.status === ConnectionStatuses.REAUTHENTICATING)

  /** An answer that holds error codes is one too, which means something to whoever has asked. */
  const run = async <A>(request: () => Promise<A>): Promise<A> => {
    // A request among those that authenticate anew would be taken for one of them.
    if (client.status === ConnectionStatuses.REAUTHENTICATING) await client.ready()
    if (!isOpen()) throw reason ?? new NetworkError("Connection closed")
    try {
      return await request()
    } catch (cause) {
      if (cause instanceof ResponseError) return cause["response"]
      if (isOpen()) socket?.destroy(new Error(`${NOT_KAFKA}: ${textOf(cause)}`))
      throw reason ?? cause
    }
  }

  const connect = async (): Promise<void> => {
    const connecting = client.connect(host, port)
    socket = client.socket
    socket.setKeepAlive(true, KEEP_ALIVE_MS)
    socket.once("error", (error) => {
      reason = error
    })
    socket.once("close", () => {
      socket = undefined
    })
    guard(socket, isTls ? "secureConnect" : "connect")
    try {
      await connecting
    } catch (cause) {
      throw reason ?? cause
    }
  }

  return {
    open: async () => {
      await connect()
      const { apiKeys } = await run(() => apiVersionsV1.api.async(client, "", ""))
      known = new Map(apiKeys.map(({ apiKey, maxVersion, minVersion }) => [apiKey, { minVersion, maxVersion }]))
    },
    isOpen,
    close: () => client.close(),
    socket: () => socket,
    ask: async (versions, request) => {
      const version = newest(versions, known)
      return run(() => request(version, client))
    }
  }
}
