import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import * as StatusBoard from "../../../src/layers/StatusBoard.ts"
import type { Fault, Store } from "../../../src/layers/spool/Store.ts"
import * as Writable from "../../../src/layers/spool/Writable.ts"
import { Status } from "../../../src/services/Status.ts"

const NO_SPACE: Fault = { kind: "full", reason: "ENOSPC: no space left on device" }

const record = { topic: "raw_trades", key: "BTCUSDT", value: new Uint8Array(), timestamp: 0, headers: {} }

const start = Effect.gen(function* () {
  const disk: { fault: Fault | undefined } = { fault: undefined }
  const unused = Effect.die("not asked")
  const store: Store = {
    append: () => Effect.sync(() => (disk.fault === undefined ? { records: 1 } : { records: 0, fault: disk.fault })),
    probe: Effect.sync(() => disk.fault),
    read: () => unused,
    rewind: unused,
    ack: () => unused,
    compact: unused,
    status: () => ({ head: 0, end: 0, bytes: 0 })
  }
  const watched = yield* Writable.watched(store)
  const status = yield* Status
  status.spool.isOpen = true
  return {
    disk,
    append: watched.append([record]),
    fault: () => status.figures().spool?.fault,
    troubles: () => status.troubles().map(({ name, text }) => `${name}: ${text}`)
  }
})

const SAID = `spool (cannot be written): ${NO_SPACE.reason}: make room or mend the disk of DATA_DIR`

describe("the spool's folder", () => {
  it.effect("is told to be unwritable as soon as a write fails, until one goes well", () =>
    Effect.gen(function* () {
      const { append, disk, fault, troubles } = yield* start
      yield* append
      assert.deepStrictEqual([troubles(), fault()], [[], null])
      disk.fault = NO_SPACE
      yield* append
      assert.deepStrictEqual([troubles(), fault()], [[SAID], NO_SPACE.reason])
      disk.fault = undefined
      yield* append
      assert.deepStrictEqual([troubles(), fault()], [[], null])
    }).pipe(Effect.provide(StatusBoard.layer))
  )

  it.effect("is tried where nothing is written, so that it is known before it is needed", () =>
    Effect.gen(function* () {
      const { disk, troubles } = yield* start
      disk.fault = NO_SPACE
      yield* TestClock.adjust("11 seconds")
      assert.deepStrictEqual(troubles(), [SAID])
      disk.fault = undefined
      yield* TestClock.adjust("11 seconds")
      assert.deepStrictEqual(troubles(), [])
    }).pipe(Effect.provide(StatusBoard.layer))
  )

  it.effect("is as good as before at the spool's own bound", () =>
    Effect.gen(function* () {
      const { append, disk, fault, troubles } = yield* start
      disk.fault = { kind: "bound", reason: "SPOOL_MAX_BYTES=1 is reached" }
      yield* append
      assert.deepStrictEqual([troubles(), fault()], [[], "SPOOL_MAX_BYTES=1 is reached"])
    }).pipe(Effect.provide(StatusBoard.layer))
  )
})
