import { assert, describe, it } from "@effect/vitest"
import { Duration, Effect } from "effect"
import { requests } from "kafkajs/src/protocol/requests/index.js"
import * as Link from "../../../src/layers/kafkajs/Link.ts"
import * as KafkaJsLogger from "../../../src/layers/kafkajs/logger.ts"
import { prepare } from "../../../src/layers/kafkajs/prepare.ts"
import { API, greet, listen } from "../../support/fakeBroker.ts"
import { testSettings } from "../../support/settings.ts"

const LIMIT = Duration.seconds(10)

const open = Effect.fnUntraced(function* (port: number) {
  prepare()
  const logger = yield* KafkaJsLogger.make
  return yield* Effect.acquireRelease(
    Effect.sync(() => Link.open({ host: "127.0.0.1", port }, testSettings().kafka, logger)),
    ({ close }) => close
  )
})

const produce = (link: Link.Link, acks: number, value: Uint8Array, limit = LIMIT) =>
  link.call(
    "Produce",
    requests.Produce,
    {
      acks,
      compression: 0,
      timeout: 1000,
      topicData: [
        {
          topic: "t",
          partitions: [
            { partition: 0, firstSequence: 0, messages: [{ key: "k", value, timestamp: "1700000000000", headers: {} }] }
          ]
        }
      ]
    },
    limit
  )

describe("Link", () => {
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
      for (let n = 0; n < 40; n++) assert.isUndefined(yield* produce(link, 0, Buffer.alloc(500_000)))
      yield* link.call("ListOffsets", requests.ListOffsets, { topics: [] }, LIMIT)
      assert.strictEqual(heard.filter((api) => api === API.produce).length, 40)
    })
  )
})
