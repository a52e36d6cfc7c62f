import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import * as KafkaJs from "../../../src/layers/kafkajs/Connection.ts"
import * as Platformatic from "../../../src/layers/platformatic/Connection.ts"
import type { Connect } from "../../../src/layers/wire/Connection.ts"
import * as Link from "../../../src/layers/wire/Link.ts"
import { API, greet, greeting, listen } from "../../support/fakeBroker.ts"
import { testSettings } from "../../support/settings.ts"
import { int32 } from "../../support/wireBytes.ts"

const LIMIT = Duration.seconds(10)

/** And how each says that the broker has hung up. */
const clients: ReadonlyArray<{
  readonly name: string
  readonly make: Effect.Effect<Connect>
  readonly closed: { readonly code: string; readonly says: string }
}> = [
  {
    name: "kafkajs",
    make: KafkaJs.make,
    closed: { code: "KafkaJSConnectionClosedError", says: "Closed connection" }
  },
  {
    name: "platformatic",
    make: Effect.succeed(Platformatic.connect),
    closed: { code: "PLT_KFK_NETWORK", says: "Connection closed" }
  }
]

const openWith = Effect.fnUntraced(function* (make: Effect.Effect<Connect>, port: number, hasWorked?: () => boolean) {
  const connect = yield* make
  const address = { host: "127.0.0.1", port }
  return yield* Effect.acquireRelease(
    Effect.sync(() => Link.open(connect(address, testSettings().kafka), address, hasWorked)),
    ({ close }) => close
  )
})

const produce = (link: Link.Link, acks: number, value: Uint8Array, limit = LIMIT) => {
  const records = [{ topic: "t", key: "k", value, timestamp: 1_700_000_000_000, headers: {} }]
  return link.produce(
    { topic: "t", partition: 0, records },
    { acks, compression: "none", timeout: 1000, limit, fork: (run) => Effect.forkDetach(run) }
  )
}

const ask = (link: Link.Link) => link.ask((connection) => connection.listOffsets([]), LIMIT)

describe.each(clients)("Link over $name", ({ closed, make }) => {
  const open = (port: number, hasWorked?: () => boolean) => openWith(make, port, hasWorked)

  it.live("stops writing without acknowledgement to a broker that does not read", () =>
    Effect.gen(function* () {
      const port = yield* listen((socket, api, id) => {
        greet(socket, api, id)
        // The last that it reads.
        if (api === API.listOffsets) socket.pause()
      })
      const link = yield* open(port)
      yield* link.ready
      const value = Buffer.alloc(500_000)
      let sent = 0
      const error = yield* produce(link, 0, value, Duration.millis(300)).pipe(
        Effect.tap(() => Effect.sync(() => sent++)),
        // What the system itself takes is far less.
        Effect.repeat({ times: 400 }),
        Effect.flip
      )
      assert.strictEqual(error.kind, "Doubt", error.message)
      assert.isBelow(sent, 400)
      assert.isFalse(link.usable())
    })
  )

  it.live("sends without acknowledgement as fast as the broker reads", () =>
    Effect.gen(function* () {
      const heard: Array<number> = []
      const port = yield* listen((socket, api, id) => {
        heard.push(api)
        greet(socket, api, id)
      })
      const link = yield* open(port)
      yield* link.ready
      for (let n = 0; n < 40; n++) assert.deepStrictEqual(yield* produce(link, 0, Buffer.alloc(500_000)), [])
      yield* ask(link)
      assert.strictEqual(heard.filter((api) => api === API.produce).length, 40)
    })
  )

  it.live("asks about TLS and SASL where a broker hangs up, unless one has answered before", () =>
    Effect.gen(function* () {
      const deaf = yield* listen((socket) => socket.destroy())
      const first = yield* Effect.flip((yield* open(deaf)).ready)
      assert.include(first.message, `${closed.says} (check KAFKA_SSL and KAFKA_SASL_MECHANISM`)
      const later = yield* Effect.flip((yield* open(deaf, () => true)).ready)
      assert.deepStrictEqual([later.kind, later.message], ["Unreachable", `127.0.0.1:${deaf}: ${closed.says}`])

      let questions = 0
      const dying = yield* listen((socket, api, id) => {
        if (api === API.listOffsets && questions++ > 0) socket.destroy()
        else greet(socket, api, id)
      })
      const link = yield* open(dying)
      yield* link.ready
      const died = yield* Effect.flip(ask(link))
      assert.deepStrictEqual(
        [died.kind, died.code, died.message],
        ["Unreachable", closed.code, `127.0.0.1:${dying}: ${closed.says}`]
      )
    })
  )

  it.live("is in doubt of a record that is not answered in time, and cuts the connection", () =>
    Effect.gen(function* () {
      const link = yield* open(yield* listen(greet))
      yield* link.ready
      const error = yield* Effect.flip(produce(link, 1, Buffer.alloc(10), Duration.millis(100)))
      assert.deepStrictEqual([error.kind, error.message.split(": ")[1]], ["Doubt", "no answer within 100ms"])
      assert.isFalse(link.usable())
    })
  )

  const garbage: Readonly<Record<string, Buffer>> = {
    "a size of nothing": int32(0),
    "a size too small": Buffer.concat([int32(3), Buffer.alloc(3)]),
    "a negative size": Buffer.concat([int32(-1), Buffer.alloc(60)]),
    "the least size": Buffer.concat([int32(-(2 ** 31)), Buffer.alloc(60)]),
    "a huge size": int32(2 ** 31 - 1),
    HTTP: Buffer.from("HTTP/1.1 400 Bad Request\r\n\r\n"),
    "a TLS alert": Buffer.from("15030300020246", "hex")
  }

  for (const [what, bytes] of Object.entries(garbage)) {
    it.live(`outlives ${what} at the first question`, () =>
      Effect.gen(function* () {
        const link = yield* open(yield* listen((socket) => void socket.write(bytes)))
        const error = yield* Effect.flip(link.ready)
        assert.strictEqual(error.kind, "Unreachable")
        assert.include(error.message, "the answer is not Kafka's")
        assert.include(error.message, "KAFKA_SSL")
        assert.isFalse(link.usable())
      })
    )

    it.live(`is in doubt of a record answered by ${what}`, () =>
      Effect.gen(function* () {
        const port = yield* listen((socket, api, id) => {
          greet(socket, api, id)
          if (api === API.produce) socket.write(bytes)
        })
        const link = yield* open(port)
        yield* link.ready
        const error = yield* Effect.flip(produce(link, 1, Buffer.alloc(10)))
        assert.strictEqual(error.kind, "Doubt", error.message)
        assert.include(error.message, "the answer is not Kafka's")
        assert.isFalse(link.usable())
      })
    )
  }

  it.live("reads answers that come byte by byte", () =>
    Effect.gen(function* () {
      const port = yield* listen(async (socket, api, id) => {
        for (const byte of greeting(api, id)) {
          await new Promise((resolve) => socket.write(Buffer.from([byte]), resolve))
        }
      })
      const link = yield* open(port)
      yield* link.ready
      assert.deepStrictEqual(yield* ask(link), [])
    })
  )

  it.live("outlives whatever bytes it is answered by", () =>
    Effect.gen(function* () {
      let seed = 20_260_101
      const byte = () => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0) >>> 24
      const port = yield* listen((socket, api, id) => {
        greet(socket, api, id)
        // Ended too: what is taken for the beginning of an answer would be waited for.
        if (api === API.produce) socket.end(Buffer.from(Array.from({ length: 300 }, byte)))
      })
      for (let n = 0; n < 200; n++) {
        const link = yield* open(port)
        yield* link.ready
        const error = yield* Effect.flip(produce(link, 1, Buffer.alloc(10)))
        assert.strictEqual(error.kind, "Doubt", error.message)
      }
    }).pipe(Effect.scoped)
  )
})
