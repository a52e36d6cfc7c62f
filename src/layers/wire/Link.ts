/**
 * One connection to one broker, used once: when it breaks, another takes its place. Every wait has a limit, and where it is
 * reached the socket is cut, so that nothing can be written late.
 */
import type { Socket } from "node:net"
import { Duration, Effect, Semaphore } from "effect"
import { KafkaError } from "../../services/KafkaDriver.ts"
import type { Address } from "./Address.ts"
import type { Connection, Part, PartAnswer, ProduceRequest } from "./Connection.ts"
import * as Sends from "./Sends.ts"
import * as TimeLimit from "./TimeLimit.ts"

export const CONNECT_LIMIT = Duration.seconds(4)
const CLOSE_LIMIT = Duration.seconds(2)
/** A broker takes the requests of a connection one by one: more would only wait in its buffers. */
export const IN_FLIGHT = 5

/** How records are sent over a link. */
export interface Delivery extends Omit<ProduceRequest, "parts"> {
  /** Until there is an answer; where none is expected, until it is written, and until the system has taken it. */
  readonly limit: Duration.Duration
  readonly fork: Sends.Options["fork"]
}

export interface Link {
  /** Connecting, or connected. */
  readonly usable: () => boolean
  /** Connected. */
  readonly isReady: () => boolean
  /** Completes once it is connected and authenticated. */
  readonly ready: Effect.Effect<void, KafkaError>
  /** Makes a request; gives the answer with its error codes. */
  readonly ask: <A>(
    request: (connection: Connection) => Promise<A>,
    limit: Duration.Duration
  ) => Effect.Effect<A, KafkaError>
  /**
   * Sends records, with what others send at the same time; from when they may be written on, whatever is no answer is a
   * doubt. Gives the answers to all of them.
   */
  readonly produce: (
    part: Part,
    /** The same each time. */
    delivery: Delivery,
    /** The request is made and about to be written. */
    onEncoded?: () => void
  ) => Effect.Effect<ReadonlyArray<PartAnswer>, KafkaError>
  readonly close: Effect.Effect<void>
}

const closed = (socket: Socket) =>
  Effect.callback<void>((resume) => {
    if (socket.closed) return resume(Effect.void)
    socket.once("close", () => resume(Effect.void))
  })

/** Completes when the system has taken all that was written; the limit around it is what ends it otherwise. */
const flushed = (socket: Socket) =>
  Effect.callback<void, Error>((resume) => {
    if (socket.writableLength === 0) return resume(Effect.void)
    // Called in its turn, behind what was written before.
    socket.write("", (error) => resume(error ? Effect.fail(error) : Effect.void))
  })

/** Opens it and asks for nothing: a port that wants SASL closes a connection without it only at the first question. */
const greet = async (connection: Connection): Promise<void> => {
  await connection.connect()
  await connection.listOffsets([])
}

export const open = (
  connection: Connection,
  { host, port }: Address,
  /** A broker has answered these settings before. */
  hasWorked: () => boolean = () => false
): Link => {
  const turns = Semaphore.makeUnsafe(IN_FLIGHT)
  let broken = false
  let connected = false

  /** Whatever waits for an answer fails with the reason. */
  const cut = (reason: string): void => {
    broken = true
    connection.socket()?.destroy(new Error(reason))
  }

  const connecting = greet(connection).then(
    () => {
      connected = true
    },
    (error: unknown) => {
      cut("not connected")
      throw error
    }
  )
  // Whoever waits hears of it; nobody may be waiting any more.
  connecting.catch(() => {})

  const where = `${host}:${port}`

  const errorOf = (cause: unknown, written: boolean) => {
    const { code = "", kind, message } = connection.errorOf(cause, written, connected || hasWorked())
    return new KafkaError({ kind, code, message: `${where}: ${message}`, cause })
  }

  const tooLate = (limit: Duration.Duration, kind: KafkaError["kind"]) => {
    const reason = `no answer within ${Duration.format(limit)}`
    cut(reason)
    return new KafkaError({ kind, message: `${where}: ${reason}` })
  }

  const ready = Effect.tryPromise({ try: () => connecting, catch: (cause) => errorOf(cause, false) }).pipe(
    Effect.timeoutOrElse({ duration: CONNECT_LIMIT, orElse: () => Effect.fail(tooLate(CONNECT_LIMIT, "Unreachable")) })
  )

  const withSocket = <E>(use: (socket: Socket) => Effect.Effect<void, E>) =>
    Effect.suspend(() => {
      const socket = connection.socket()
      return socket === undefined ? Effect.void : use(socket)
    })

  const allFlushed = withSocket((socket) => Effect.mapError(flushed(socket), (cause) => errorOf(cause, true)))

  const ask: Link["ask"] = (request, limit) =>
    // The limit begins with the request's turn: it is the broker's to keep, not that of the requests before it.
    turns.withPermit(
      Effect.tryPromise({ try: () => request(connection), catch: (cause) => errorOf(cause, false) }).pipe(
        Effect.timeoutOrElse({ duration: limit, orElse: () => Effect.fail(tooLate(limit, "Unreachable")) })
      )
    )

  const requestBy = ({ fork, limit, ...how }: Delivery): Sends.Options["request"] => {
    const { within } = TimeLimit.make({ limit, fork })
    // Where no answer is expected, a client would write without end to a broker that does not read.
    const taken = Effect.timeoutOrElse(allFlushed, {
      duration: limit,
      orElse: () => Effect.fail(tooLate(limit, "Doubt"))
    })
    return (parts, onEncoded) =>
      Effect.suspend(() => {
        /** A record may be stored. */
        let written = false
        const encoded = () => {
          written = true
          onEncoded()
        }
        const answers = within(
          () => connection.produce({ ...how, parts }, encoded),
          (cause) => errorOf(cause, written),
          () => tooLate(limit, written ? "Doubt" : "Unreachable")
        )
        return how.acks === 0 ? Effect.tap(answers, taken) : answers
      })
  }

  let sends: Sends.Sends | undefined
  const sendsBy = (delivery: Delivery): Sends.Sends => {
    sends ??= Sends.make({ turns, request: requestBy(delivery), fork: delivery.fork })
    return sends
  }

  return {
    isReady: () => connected && !broken && connection.isConnected(),
    usable: () => !broken && (!connected || connection.isConnected()),
    ready,
    ask,
    produce: (part, delivery, onEncoded = () => {}) => sendsBy(delivery).send(part, onEncoded),
    close: Effect.promise(() => connection.disconnect().catch(() => {})).pipe(
      // What was written last must still go out.
      Effect.andThen(withSocket(closed)),
      Effect.timeoutOption(CLOSE_LIMIT),
      Effect.andThen(Effect.sync(() => cut("closed")))
    )
  }
}
