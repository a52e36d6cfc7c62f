import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync
} from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Effect, Exit, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import { crc32c } from "../../../src/layers/spool/crc32c.ts"
import * as Segment from "../../../src/layers/spool/Segment.ts"
import * as Store from "../../../src/layers/spool/Store.ts"
import type { SinkRecord } from "../../../src/schema/SinkRecord.ts"
import { temporaryFolder } from "../../support/temporaryFolder.ts"

const record = (id: number, size = 20): SinkRecord => ({
  topic: "raw_trades",
  key: "BTCUSDT",
  value: Buffer.alloc(size, id),
  timestamp: id,
  headers: { "event-id": `binance:spot:trade:BTCUSDT:${id}` }
})

const records = (from: number, count: number, size = 20) =>
  Array.from({ length: count }, (_, n) => record(from + n, size))

/** Of one record of the default size. */
const FRAME = Segment.measure([record(0)], 0, 0).bytes

const options = (folder: string, more: Partial<Store.Options> = {}): Store.Options => ({
  folder,
  maxBytes: 1e9,
  segmentBytes: 3 * FRAME,
  fsync: false,
  ...more
})

const ids = (entries: ReadonlyArray<Store.Entry>) => entries.map(({ record }) => record.timestamp)

const segmentFiles = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".seg"))
    .toSorted()

/** Everything that is there, in batches of some records. */
const readAll = Effect.fnUntraced(function* (store: Store.Store, maxBytes = 2 * FRAME) {
  const entries: Array<Store.Entry> = []
  let damaged = 0
  for (;;) {
    const batch = yield* store.read(maxBytes)
    damaged += batch.damaged
    entries.push(...batch.entries)
    if (batch.entries.length === 0) return { entries, damaged, end: batch.end }
  }
})

/** Does something with a store that is closed again behind it. */
const withStore = <A, E>(options: Store.Options, use: (store: Store.Store) => Effect.Effect<A, E>) =>
  Effect.scoped(Effect.flatMap(Store.open(options), use))

const Count = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 7 }))
const Share = Schema.Finite.check(Schema.isBetween({ minimum: 0, maximum: 0.9999 }))
const Bit = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 7 }))

/** A kill is followed by a new start; `file` and `at` are shares of what is there. */
const Step = Schema.Union([
  Schema.Struct({ append: Count }),
  Schema.Struct({ read: Count }),
  Schema.Struct({ ack: Share }),
  Schema.Struct({ kill: Schema.Literals(["nothing", "head lost", "head damaged"]) }),
  Schema.Struct({ flip: Bit, file: Share, at: Share }),
  Schema.Struct({ cut: Schema.Literal(true), file: Share, at: Share })
])
const Steps = Arbitrary.array(Arbitrary.schema(Step), { minLength: 5, maxLength: 40 })

/** A record that was kept, and where its frame lies. */
interface Known {
  readonly record: SinkRecord
  readonly path: string
  readonly from: number
  readonly frame: Buffer
}

const isIntact = ({ frame, from, path }: Known): boolean =>
  existsSync(path) &&
  readFileSync(path)
    .subarray(from, from + frame.length)
    .equals(frame)

const snapshot = (folder: string) =>
  readdirSync(folder)
    .filter((name) => name === "head" || name.endsWith(".seg"))
    .map((name) => ({ path: join(folder, name), bytes: readFileSync(join(folder, name)) }))

const pick = <A>(items: ReadonlyArray<A>, share: number): A | undefined => items[Math.floor(share * items.length)]

describe("a file that cannot be read", () => {
  it.effect("takes nothing with it that was read before it, and is read as soon as it can be", () =>
    Effect.gen(function* () {
      const folder = join(yield* temporaryFolder, "spool")
      yield* withStore(
        options(folder),
        Effect.fnUntraced(function* (store) {
          yield* store.append(records(1, 3))
          yield* store.append(records(4, 3))
          const [, second = assert.fail("one file")] = segmentFiles(folder)
          const path = join(folder, second)
          renameSync(path, `${path}.aside`)
          mkdirSync(path)
          const first = yield* store.read(1e6)
          assert.deepStrictEqual([ids(first.entries), first.damaged], [[1, 2, 3], 0])
          for (let times = 0; times < 2; times++) assert.isTrue(Exit.isFailure(yield* Effect.exit(store.read(1e6))))
          rmSync(path, { recursive: true })
          renameSync(`${path}.aside`, path)
          const rest = yield* store.read(1e6)
          assert.deepStrictEqual([ids(rest.entries), rest.damaged], [[4, 5, 6], 0])
        })
      )
    })
  )
})

describe("Store, against a model", () => {
  it.effect.prop("recovers what is intact and not acknowledged, in order, and counts the rest", [Steps], ([steps]) =>
    Effect.gen(function* () {
      const folder = join(yield* temporaryFolder, "spool")
      let scope = yield* Scope.make()
      const openStore = () => Scope.provide(Store.open(options(folder)), scope)
      let store = yield* openStore()
      const known = new Map<number, Known>()
      let nextId = 1
      let acked = 1
      let cursor = 1

      const append = Effect.fnUntraced(function* (count: number) {
        const first = store.status().end
        const batch = records(nextId, count)
        assert.deepStrictEqual(yield* store.append(batch), { records: count })
        assert.strictEqual(store.status().end, first + count)
        nextId += count
        for (const { bytes, path } of snapshot(folder)) {
          for (let frame = Segment.next(bytes, 0); frame !== undefined; frame = Segment.next(bytes, frame.end)) {
            const record = batch[frame.number - first]
            const from = frame.end - FRAME
            if (record !== undefined)
              known.set(frame.number, { record, path, from, frame: bytes.subarray(from, frame.end) })
          }
        }
      })

      const read = Effect.fnUntraced(function* (maxBytes: number) {
        const { damaged, end, entries } = yield* store.read(maxBytes)
        const intact = Array.from({ length: end - cursor }, (_, n) => cursor + n).flatMap((number) => {
          const one = known.get(number)
          return one !== undefined && isIntact(one) ? [{ number, record: one.record }] : []
        })
        assert.deepStrictEqual(entries, intact)
        assert.strictEqual(damaged, end - cursor - entries.length)
        cursor = end
        if (entries.length === 0) assert.strictEqual(end, store.status().end)
        return entries.length
      })

      const ack = Effect.fnUntraced(function* (share: number) {
        const to = acked + Math.floor(share * (cursor + 1 - acked))
        yield* store.ack(to)
        acked = to
        assert.strictEqual(store.status().head, acked)
        // A segment is deleted once the next one begins at the head or before it.
        assert.isEmpty(
          segmentFiles(folder)
            .slice(1)
            .filter((name) => Number.parseInt(name, 10) <= acked)
        )
      })

      const restart = Effect.fnUntraced(function* (change: () => void) {
        // A kill saves and deletes nothing: what closing does is undone.
        const before = snapshot(folder)
        yield* Scope.close(scope, Exit.void)
        for (const { bytes, path } of before) writeFileSync(path, bytes)
        change()
        scope = yield* Scope.make()
        store = yield* openStore()
        const { end, head } = store.status()
        for (const [number, one] of known) {
          if (number < end) continue
          assert.isTrue(number < acked || !isIntact(one), `forgotten: ${number}`)
          // The number is given again.
          known.delete(number)
        }
        cursor = head
        return head
      })

      for (const step of steps) {
        if ("append" in step) yield* append(step.append)
        else if ("read" in step) yield* read(step.read * FRAME)
        else if ("ack" in step) yield* ack(step.ack)
        else if ("kill" in step) {
          const [first] = segmentFiles(folder)
          const path = join(folder, "head")
          const head = yield* restart(() => {
            if (step.kill === "head lost") rmSync(path)
            if (step.kill === "head damaged") writeFileSync(path, readFileSync(path, "utf8").replace(/^./, "9"))
          })
          // At worst what the first segment holds comes again.
          const again = step.kill === "head lost" || (step.kill === "head damaged" && !String(acked).startsWith("9"))
          assert.strictEqual(head, again ? Number.parseInt(first ?? "1", 10) : acked)
          acked = head
        } else {
          const file = pick(
            snapshot(folder).filter(({ path }) => path.endsWith(".seg")),
            step.file
          )
          const head = yield* restart(() => {
            if (file === undefined) return
            const at = Math.floor(step.at * file.bytes.length)
            const byte = file.bytes[at]
            if ("cut" in step) truncateSync(file.path, at)
            else if (byte !== undefined) {
              file.bytes[at] = byte ^ (1 << step.flip)
              writeFileSync(file.path, file.bytes)
            }
          })
          assert.strictEqual(head, acked)
        }
      }

      while ((yield* read(FRAME)) > 0);
      yield* store.ack(cursor)
      yield* store.compact
      assert.deepStrictEqual(segmentFiles(folder), [])
      assert.strictEqual(store.status().bytes, 0)
      yield* Scope.close(scope, Exit.void)
    })
  )
})

describe("Store", () => {
  it.effect("keeps what it holds over a restart, and deletes segments whole", () =>
    Effect.gen(function* () {
      const folder = join(yield* temporaryFolder, "deep", "spool")
      yield* withStore(options(folder), (store) => store.append(records(1, 8)))
      assert.isAbove(segmentFiles(folder).length, 1)
      yield* withStore(options(folder), (store) =>
        Effect.gen(function* () {
          const { entries, end } = yield* store.read(5 * FRAME)
          assert.deepStrictEqual(ids(entries), [1, 2, 3, 4, 5, 6])
          yield* store.ack(end - 1)
        })
      )
      yield* withStore(options(folder), (store) =>
        Effect.gen(function* () {
          yield* store.append(records(9, 1))
          const { damaged, end, entries } = yield* readAll(store)
          assert.deepStrictEqual([ids(entries), damaged], [[6, 7, 8, 9], 0])
          yield* store.rewind
          assert.deepStrictEqual(ids((yield* readAll(store)).entries), [6, 7, 8, 9])
          yield* store.ack(end)
        })
      )
      assert.deepStrictEqual(segmentFiles(folder), [])
    })
  )

  it.effect("counts the last record if it is damaged, and forgets it if it is torn", () =>
    Effect.gen(function* () {
      const folder = join(yield* temporaryFolder, "spool")
      yield* withStore(options(folder), (store) => store.append(records(1, 6)))
      const [, second = ""] = segmentFiles(folder)
      const path = join(folder, second)
      const bytes = readFileSync(path)
      bytes[bytes.length - 1] = ~bytes[bytes.length - 1]!
      writeFileSync(path, bytes)
      yield* withStore(options(folder), (store) =>
        Effect.gen(function* () {
          assert.strictEqual(store.status().end, 7)
          const { damaged, end, entries } = yield* readAll(store)
          assert.deepStrictEqual([ids(entries), damaged, end], [[1, 2, 3, 4, 5], 1, 7])
        })
      )
      truncateSync(path, bytes.length - 1)
      yield* withStore(options(folder), (store) =>
        Effect.gen(function* () {
          assert.strictEqual(store.status().end, 6)
          yield* store.append([record(7)])
          const { damaged, entries } = yield* readAll(store)
          assert.deepStrictEqual([ids(entries), damaged], [[1, 2, 3, 4, 5, 7], 0])
        })
      )
    })
  )

  it.effect("deletes a segment as soon as all of it is acknowledged", () =>
    Effect.gen(function* () {
      const folder = join(yield* temporaryFolder, "spool")
      yield* withStore(options(folder), (store) =>
        Effect.gen(function* () {
          for (let id = 1; id <= 9; id++) yield* store.append([record(id)])
          const [first, second, ...more] = segmentFiles(folder)
          assert.isNotEmpty(more)
          const { bytes } = store.status()
          const boundary = Number.parseInt(second!, 10)
          yield* store.ack(boundary - 1)
          assert.include(segmentFiles(folder), first)
          yield* store.ack(boundary)
          assert.deepStrictEqual(segmentFiles(folder), [second, ...more])
          assert.isBelow(store.status().bytes, bytes)
        })
      )
    })
  )

  it.effect("keeps no more than its bound, and goes on where there is room again", () =>
    Effect.gen(function* () {
      const folder = join(yield* temporaryFolder, "spool")
      yield* withStore(options(folder, { maxBytes: 10 * FRAME, segmentBytes: 2 * FRAME }), (store) =>
        Effect.gen(function* () {
          let kept = 0
          for (; (yield* store.append([record(kept + 1)])).records === 1; kept++);
          assert.isAtLeast(kept, 6)
          assert.isAtMost(store.status().bytes, 10 * FRAME)
          const refused = yield* store.append(records(100, 2))
          assert.deepInclude(refused.fault, { kind: "bound", reason: `SPOOL_MAX_BYTES=${10 * FRAME} is reached` })
          assert.strictEqual(refused.records, 0)
          const { end, entries } = yield* store.read(4 * FRAME)
          yield* store.ack(end)
          assert.deepStrictEqual(yield* store.append([record(kept + 1)]), { records: 1 })
          assert.deepStrictEqual(
            [...ids(entries), ...ids((yield* readAll(store)).entries)],
            Array.from({ length: kept + 1 }, (_, n) => n + 1)
          )
        })
      )
    })
  )

  it.effect("takes what is larger than a segment, and than one write", () =>
    Effect.gen(function* () {
      const folder = join(yield* temporaryFolder, "spool")
      yield* withStore(options(folder, { fsync: true }), (store) =>
        Effect.gen(function* () {
          assert.deepStrictEqual(yield* store.append(records(1, 5, 700_000)), { records: 5 })
          assert.deepStrictEqual(yield* store.append([]), { records: 0 })
          const { entries } = yield* readAll(store)
          assert.deepStrictEqual(
            entries.map(({ record }) => record.value.byteLength),
            Array.from({ length: 5 }, () => 700_000)
          )
        })
      )
    })
  )

  it.effect("says what the disk does not take, and goes on when it does", () =>
    Effect.gen(function* () {
      const folder = join(yield* temporaryFolder, "spool")
      yield* withStore(options(folder), (store) =>
        Effect.gen(function* () {
          rmSync(folder, { recursive: true })
          const refused = yield* store.append(records(1, 2))
          assert.deepInclude(refused, { records: 0 })
          assert.strictEqual(refused.fault?.kind, "broken")
          assert.match(refused.fault?.reason ?? "", /ENOENT/)
          mkdirSync(folder)
          assert.deepStrictEqual(yield* store.append(records(1, 2)), { records: 2 })
          assert.deepStrictEqual(ids((yield* readAll(store)).entries), [1, 2])
        })
      )
    })
  )

  it.effect.skipIf(!existsSync("/dev/full"))("is full where the disk is, and tries again a second later", () =>
    Effect.gen(function* () {
      const folder = join(yield* temporaryFolder, "spool")
      mkdirSync(folder)
      const path = join(folder, "0000000000000001.seg")
      symlinkSync("/dev/full", path)
      yield* withStore(options(folder), (store) =>
        Effect.gen(function* () {
          const refused = yield* store.append(records(1, 2))
          assert.strictEqual(refused.records, 0)
          assert.strictEqual(refused.fault?.kind, "full")
          assert.match(refused.fault?.reason ?? "", /ENOSPC/)
          rmSync(path)
          assert.deepInclude((yield* store.append(records(1, 2))).fault, { kind: "full" })
          yield* TestClock.adjust("1 second")
          assert.deepStrictEqual(yield* store.append(records(1, 2)), { records: 2 })
          assert.deepStrictEqual(ids((yield* readAll(store)).entries), [1, 2])
        })
      )
    })
  )

  it.effect("is not shared", () =>
    Effect.gen(function* () {
      const folder = join(yield* temporaryFolder, "spool")
      yield* withStore(options(folder), () =>
        Effect.gen(function* () {
          const error = yield* Effect.flip(Effect.scoped(Store.open(options(folder))))
          assert.strictEqual(error._tag, "SinkError")
          assert.match(error.message, /^DATA_DIR: .*spool is in use by another connector/)
        })
      )
      yield* withStore(options(folder), () => Effect.void)
    })
  )

  it.effect("leaves alone what a newer version wrote", () =>
    Effect.gen(function* () {
      const folder = join(yield* temporaryFolder, "spool")
      mkdirSync(folder)
      const header = Buffer.from(Segment.HEADER)
      header[7] = 2
      header.writeUInt32LE(crc32c(header, 0, 8), 8)
      writeFileSync(join(folder, "0000000000000001.seg"), header)
      const error = yield* Effect.flip(Effect.scoped(Store.open(options(folder))))
      assert.match(error.message, /0000000000000001\.seg was written by a newer version of this program/)
    })
  )

  it.effect("cannot be where no folder can be", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryFolder, "file")
      writeFileSync(file, "")
      const error = yield* Effect.flip(Effect.scoped(Store.open(options(join(file, "spool")))))
      assert.strictEqual(error._tag, "StoreError")
    })
  )
})
