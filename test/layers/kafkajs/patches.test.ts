import { assert, describe, it } from "@effect/vitest"
import RequestQueue from "kafkajs/src/network/requestQueue/index.js"
import { afterEach, beforeEach, vi } from "vitest"
import { InFlight } from "../../../src/layers/kafkajs/InFlight.ts"
import { applyInFlight, applyTimers } from "../../../src/layers/kafkajs/patches.ts"

const makeQueue = (maxInFlightRequests: number | null = null) =>
  new RequestQueue({
    maxInFlightRequests,
    requestTimeout: 0,
    enforceRequestTimeout: false,
    clientId: "test",
    broker: "test",
    logger: { debug: () => {} }
  })

describe("patches", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_700_000_000_000 })
    applyTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const push = (queue: RequestQueue, correlationId: number, sent: Array<number>) =>
    queue.push({
      entry: { correlationId, resolve: () => {}, reject: () => {} },
      expectResponse: false,
      sendRequest: () => sent.push(correlationId)
    })

  it("arms no timer while nothing waits", () => {
    const queue = makeQueue()
    const sent: Array<number> = []
    push(queue, 1, sent)
    queue.checkPendingRequests()
    assert.deepStrictEqual(sent, [1])
    assert.strictEqual(vi.getTimerCount(), 0)
  })

  it("keeps the pause that a broker asks for, to the millisecond, and then is quiet again", () => {
    const queue = makeQueue()
    const sent: Array<number> = []
    queue.maybeThrottle(2000)
    push(queue, 1, sent)
    push(queue, 2, sent)
    vi.advanceTimersByTime(1999)
    assert.deepStrictEqual(sent, [])
    vi.advanceTimersByTime(1)
    assert.deepStrictEqual(sent, [1, 2])
    assert.strictEqual(vi.getTimerCount(), 0)
  })

  it("arms one timer, however many wait", () => {
    const queue = makeQueue()
    queue.maybeThrottle(500)
    for (let n = 0; n < 10; n++) push(queue, n, [])
    assert.strictEqual(vi.getTimerCount(), 1)
    queue.destroy()
    assert.strictEqual(vi.getTimerCount(), 0)
  })

  it("gives every request its answer, in whichever order, and what is left the error", async () => {
    const queue = makeQueue()
    applyInFlight(queue)
    assert.instanceOf(queue.inflight, InFlight)
    const told: Array<string> = []
    for (const correlationId of [1, 2, 3, 4])
      queue.push({
        entry: {
          correlationId,
          resolve: () => told.push(`${correlationId} answered`),
          reject: () => told.push(`${correlationId} failed`)
        },
        expectResponse: true,
        sendRequest: () => {}
      })
    assert.throws(() => push(queue, 4, []), /already exists/)
    const answer = (correlationId: number) => queue.fulfillRequest({ correlationId, size: 0, payload: Buffer.alloc(0) })
    const empty = queue.waitForPendingRequests().then(() => told.push("empty"))
    answer(1)
    answer(3)
    assert.deepStrictEqual(told, ["1 answered", "3 answered"])
    queue.rejectAll(new Error("the connection is gone"))
    await empty
    assert.deepStrictEqual(told, ["1 answered", "3 answered", "2 failed", "4 failed", "empty"])
    queue.destroy()
  })
})
