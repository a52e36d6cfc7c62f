/** A real Jaeger on free ports of the loopback interface, asked through its query API. */
import { spawn } from "node:child_process"
import { once } from "node:events"
import { Data, Effect, Schedule, Schema } from "effect"
import { freePorts } from "../kafka/freePorts.ts"

const Tag = Schema.Struct({ key: Schema.String, value: Schema.Unknown })

const Span = Schema.Struct({
  traceID: Schema.String,
  spanID: Schema.String,
  operationName: Schema.String,
  references: Schema.Array(Schema.Struct({ refType: Schema.String, traceID: Schema.String, spanID: Schema.String })),
  /** Both in microseconds. */
  startTime: Schema.Finite,
  duration: Schema.Finite,
  tags: Schema.Array(Tag),
  logs: Schema.Array(Schema.Struct({ fields: Schema.Array(Tag) })),
  warnings: Schema.NullOr(Schema.Array(Schema.String))
})
export type Span = typeof Span.Type

const Traces = Schema.Struct({
  data: Schema.Array(Schema.Struct({ traceID: Schema.String, spans: Schema.Array(Span) }))
})

export interface Trace {
  readonly id: string
  /** By time. */
  readonly spans: ReadonlyArray<Span>
  readonly root: Span
  /** The first of this name. */
  readonly span: (name: string) => Span
}

class Unanswered extends Data.TaggedError("Unanswered")<{ readonly cause: unknown }> {}

/** Asks again for a while. */
export const patience = Schedule.spaced("100 millis").pipe(Schedule.upTo({ times: 200 }))

export const tagOf = (span: Span, key: string): unknown => span.tags.find((tag) => tag.key === key)?.value

const traceOf = ({ spans: unsorted, traceID }: (typeof Traces.Type)["data"][number]): Trace => {
  const spans = unsorted.toSorted((a, b) => a.startTime - b.startTime)
  const span = (name: string) => {
    const found = spans.find(({ operationName }) => operationName === name)
    if (found === undefined) {
      throw new Error(`no span ${name} in ${traceID}: ${spans.map(({ operationName }) => operationName).join(", ")}`)
    }
    return found
  }
  const root = spans.find(({ references }) => references.every(({ refType }) => refType !== "CHILD_OF"))
  if (root === undefined) throw new Error(`trace ${traceID} has no root`)
  return { id: traceID, root, span, spans }
}

export const start = Effect.fnUntraced(function* (program: string) {
  const ports = yield* Effect.promise(() => freePorts(7))
  const at = (index: number) => `127.0.0.1:${ports[index]}`
  const flags = [
    `--collector.otlp.http.host-port=${at(0)}`,
    `--query.http-server.host-port=${at(1)}`,
    `--admin.http.host-port=${at(2)}`,
    `--collector.otlp.grpc.host-port=${at(3)}`,
    `--query.grpc-server.host-port=${at(4)}`,
    `--collector.grpc-server.host-port=${at(5)}`,
    `--collector.http-server.host-port=${at(6)}`,
    "--log-level=error"
  ]
  yield* Effect.acquireRelease(
    Effect.sync(() => spawn(program, flags, { stdio: "ignore", env: { SPAN_STORAGE_TYPE: "memory" } })),
    (child) =>
      Effect.promise(async () => {
        if (child.exitCode === null && child.kill("SIGKILL")) await once(child, "close")
      })
  )

  const get = (url: string) =>
    Effect.tryPromise({
      try: async () => {
        const response = await fetch(url)
        if (!response.ok) throw new Error(`${url}: ${response.status}`)
        return await response.text()
      },
      catch: (cause) => new Unanswered({ cause })
    })

  yield* Effect.retry(get(`http://${at(2)}/`), patience)

  /** The answer of the query API as it is. */
  const ask = (service: string, operation: string) => {
    const query = new URLSearchParams({ service, operation, limit: "200" })
    return get(`http://${at(1)}/api/traces?${query}`)
  }

  return {
    /** For `OTEL_EXPORTER_OTLP_ENDPOINT`. */
    endpoint: `http://${at(0)}`,
    ask,
    /** Those that have a span of this name. */
    traces: (service: string, operation: string) =>
      Effect.map(ask(service, operation), (text) =>
        Schema.decodeSync(Schema.fromJsonString(Traces))(text).data.map(traceOf)
      )
  }
})
