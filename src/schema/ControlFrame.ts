/**
 * What the exchange sends beside events: answers to our own frames, and the notice that a server is about to go.
 *
 * ```json
 * {"result":null,"id":7}
 * {"code":2,"msg":"Invalid request: missing field `method`","id":7}
 * {"error":{"code":4,"msg":"Too many subscriptions"},"id":7}
 * {"stream":"!serverShutdown","data":{"e":"serverShutdown","E":1795402800123}}
 * ```
 *
 * The notice may also come unwrapped, or under whatever stream name.
 *
 * @see https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#live-subscribingunsubscribing-to-streams
 */
import { Data, Option, Predicate, Schema } from "effect"
import { ExchangeTime, toMillis } from "./Primitives.ts"

/** As we sent it; the exchange leaves it out where it could not read ours. */
const RequestId = Schema.Union([Schema.Int, Schema.String, Schema.Null])
export type RequestId = typeof RequestId.Type

const Result = Schema.Union([Schema.Null, Schema.Boolean, Schema.Array(Schema.String)])

export type ControlFrame = Data.TaggedEnum<{
  /** Done: `null`, or the value that was asked for. It does not prove that data will flow. */
  Ack: { readonly result: typeof Result.Type; readonly id: RequestId }
  Rejection: { readonly code: number; readonly message: string; readonly id: RequestId }
  /** Connect anew: this server goes away. `at`: Unix ms, where the notice says. */
  ServerShutdown: { readonly at: number | undefined }
}>
export const ControlFrame = Data.taggedEnum<ControlFrame>()

const Ack = Schema.Struct({ result: Result, id: RequestId })

const Reason = Schema.Struct({ code: Schema.Int, msg: Schema.String })
const Rejection = Schema.Struct({ ...Reason.fields, id: Schema.optionalKey(RequestId) })
const NestedRejection = Schema.Struct({ error: Reason, id: Schema.optionalKey(RequestId) })

const Shutdown = Schema.Struct({ e: Schema.Literal("serverShutdown"), E: Schema.optionalKey(ExchangeTime) })
const WrappedShutdown = Schema.Struct({ stream: Schema.String, data: Shutdown })

const reject = (reason: typeof Reason.Type, id: RequestId | undefined): ControlFrame =>
  ControlFrame.Rejection({ code: reason.code, message: reason.msg, id: id ?? null })

const shutdown = ({ E }: typeof Shutdown.Type): ControlFrame =>
  ControlFrame.ServerShutdown({ at: E === undefined ? undefined : toMillis(E) })

const reader = <S extends Schema.ConstraintDecoder<unknown>>(schema: S, read: (value: S["Type"]) => ControlFrame) => {
  const decode = Schema.decodeUnknownOption(schema)
  return (json: unknown): Option.Option<ControlFrame> => Option.map(decode(json), read)
}

const answers = [
  reader(Ack, ({ id, result }) => ControlFrame.Ack({ result, id })),
  reader(Rejection, (frame) => reject(frame, frame.id)),
  reader(NestedRejection, (frame) => reject(frame.error, frame.id))
]
const notices = [reader(Shutdown, shutdown), reader(WrappedShutdown, (frame) => shutdown(frame.data))]

/** `None`: an event, or nothing that we know. What names a stream is no answer to us, whatever else it holds. */
export const decodeControlFrame = (json: unknown): Option.Option<ControlFrame> => {
  const readers = Predicate.hasProperty(json, "stream") ? notices : [...answers, ...notices]
  return Option.firstSomeOf(readers.map((read) => read(json)))
}
