import { existsSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import { disk } from "../../src/check/disk.ts"
import type { Settings } from "../../src/schema/Settings.ts"
import { fullDisk } from "../support/fullDisk.ts"
import { testSettings } from "../support/settings.ts"
import { temporaryFolder } from "../support/temporaryFolder.ts"

const look = (settings: Partial<Settings>) =>
  Effect.map(
    disk(testSettings({ spool: { mode: "auto", maxBytes: 1, fsync: false }, ...settings })).findings,
    (found) => found.map(({ says, status }) => `${status} ${says}`)
  )

describe("check: the disk", () => {
  it.live("finds a folder that can be written, and leaves nothing in it", () =>
    Effect.gen(function* () {
      const dataDir = yield* temporaryFolder
      const [written, room] = yield* look({ dataDir })
      assert.strictEqual(written, `ok DATA_DIR: ${dataDir} can be written`)
      assert.match(room ?? "", /^ok .* free, SPOOL_MAX_BYTES may need 0\.0 GiB$/)
      assert.deepStrictEqual(readdirSync(dataDir), [])
    })
  )

  it.live("makes no folder, but says that it could", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const dataDir = join(folder, "a", "b")
      const [written] = yield* look({ dataDir, sink: "local" })
      assert.strictEqual(written, `ok DATA_DIR: ${dataDir} can be made`)
      assert.deepStrictEqual(readdirSync(folder), [])
    })
  )

  it.live("warns where less is free than may wait there", () =>
    Effect.gen(function* () {
      const dataDir = yield* temporaryFolder
      const [, room] = yield* look({ dataDir, spool: { mode: "auto", maxBytes: 2 ** 60, fsync: false } })
      assert.match(room ?? "", /^warning .*lower SPOOL_MAX_BYTES/)
    })
  )

  it.live("says how much room there is for the local log", () =>
    Effect.gen(function* () {
      const [, room] = yield* look({ dataDir: yield* temporaryFolder, sink: "local" })
      assert.match(room ?? "", /^(ok|warning) .*GiB free; the local log grows without a bound/)
    })
  )

  it.live.skipIf(!existsSync("/proc/self"))("finds a folder that cannot be made, whoever asks", () =>
    Effect.gen(function* () {
      const [written] = yield* look({ dataDir: "/proc/data", sink: "local" })
      assert.match(written ?? "", /^failed DATA_DIR: this user cannot write \/proc \((ENOENT|EACCES)\)/)
    })
  )

  it.live("finds a full disk", (test) =>
    Effect.gen(function* () {
      const disk = yield* fullDisk
      if (Option.isNone(disk)) return test.skip("this user may not mount one")
      const dataDir = disk.value
      const local = yield* look({ dataDir, sink: "local" })
      assert.match(local[0] ?? "", /^failed DATA_DIR: .* is full \(ENOSPC\): make room/)
      const always = yield* look({ dataDir, spool: { mode: "always", maxBytes: 1, fsync: false } })
      assert.match(always[0] ?? "", /^failed DATA_DIR: .* is full/)
      assert.match((yield* look({ dataDir }))[0] ?? "", /^warning DATA_DIR: .* is full .*bridged in memory alone/)
    })
  )

  it.live("fails where it cannot be written and must be", () =>
    Effect.gen(function* () {
      const file = join(yield* temporaryFolder, "file")
      writeFileSync(file, "")
      const dataDir = join(file, "data")
      const spool = { mode: "always", maxBytes: 1, fsync: false } as const
      for (const settings of [{ dataDir, spool }, { dataDir, sink: "local" } as const]) {
        assert.match(
          (yield* look(settings))[0] ?? "",
          /^failed DATA_DIR: this user cannot write .*file \((EACCES|ENOTDIR)\)/
        )
      }
      assert.match((yield* look({ dataDir }))[0] ?? "", /^warning DATA_DIR: .*bridged in memory alone/)
    })
  )
})
