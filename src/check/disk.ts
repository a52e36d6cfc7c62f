/** Whether `DATA_DIR` can be written, and has room for what may wait there. */
import { access, mkdtemp, open, readdir, rm, stat, statfs } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { Effect, Predicate } from "effect"
import type { Settings } from "../schema/Settings.ts"
import type { Check } from "./Check.ts"
import { failed, type Finding, ok, warning } from "./Finding.ts"

const TRIAL_BYTES = 256 * 1024

/** Of a disk that nothing bounds the use of: so little is full soon. */
const LITTLE_BYTES = 2 ** 30

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false
  )

/** Itself, or the nearest folder above it that is there: in it the missing ones would be made. */
const nearest = async (folder: string): Promise<string> =>
  (await exists(folder)) || dirname(folder) === folder ? folder : nearest(dirname(folder))

/** As much as a start writes at least, in a folder of its own as a start makes one. */
const tryToWrite = async (existing: string): Promise<void> => {
  const trial = await mkdtemp(join(existing, ".check-"))
  try {
    const file = await open(join(trial, "trial"), "w")
    try {
      await file.writeFile(new Uint8Array(TRIAL_BYTES))
      // A full disk may be heard of only now.
      await file.sync()
    } finally {
      await file.close()
    }
  } finally {
    await rm(trial, { recursive: true, force: true })
  }
}

/** What waits already; it is counted against `SPOOL_MAX_BYTES` too. */
const heldIn = async (folder: string): Promise<number> => {
  const names = await readdir(folder).catch(() => [])
  const sizes = await Promise.all(
    names.map((name) =>
      stat(join(folder, name)).then(
        ({ size }) => size,
        () => 0
      )
    )
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

const codeOf = (cause: unknown): string =>
  Predicate.hasProperty(cause, "code") && Predicate.isString(cause.code) ? cause.code : String(cause)

const gibibytes = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(1)} GiB`

const freeIn = async (existing: string): Promise<number> => {
  const { bavail, bsize } = await statfs(existing)
  return bavail * bsize
}

const roomForSpool = async ({ dataDir, spool }: Settings, existing: string): Promise<Finding> => {
  const free = await freeIn(existing)
  const wanted = Math.max(0, spool.maxBytes - (await heldIn(join(resolve(dataDir), "spool"))))
  const says = `${existing} has ${gibibytes(free)} free`
  return free < wanted
    ? warning(
        "disk",
        `${says}, SPOOL_MAX_BYTES may need ${gibibytes(wanted)}: make room, or lower SPOOL_MAX_BYTES; a full disk ends what it can keep`
      )
    : ok("disk", `${says}, SPOOL_MAX_BYTES may need ${gibibytes(wanted)}`)
}

const roomForLog = async (existing: string): Promise<Finding> => {
  const free = await freeIn(existing)
  const says = `${existing} has ${gibibytes(free)} free; the local log grows without a bound`
  return free < LITTLE_BYTES
    ? warning("disk", `${says}: make room, or choose another DATA_DIR; a full disk ends the connector`)
    : ok("disk", says)
}

const FULL = new Set(["ENOSPC", "EDQUOT"])

/** A spool that cannot be written is done without, unless it was asked for. */
const unwritable = ({ sink, spool }: Settings, existing: string, code: string): Finding => {
  const says = FULL.has(code)
    ? `DATA_DIR: ${existing} is full (${code}): make room, or choose another folder`
    : `DATA_DIR: this user cannot write ${existing} (${code}): choose another folder, or let the user write it`
  return sink === "local" || spool.mode === "always"
    ? failed("disk", says)
    : warning("disk", `${says}; without it an outage of Kafka is bridged in memory alone`)
}

const findings = (settings: Settings) =>
  Effect.gen(function* () {
    const folder = resolve(settings.dataDir)
    const existing = yield* Effect.promise(() => nearest(folder))
    const written = yield* Effect.result(Effect.tryPromise({ try: () => tryToWrite(existing), catch: codeOf }))
    if (written._tag === "Failure") return [unwritable(settings, existing, written.failure)]
    const can = ok(
      "disk",
      folder === existing ? `DATA_DIR: ${folder} can be written` : `DATA_DIR: ${folder} can be made`
    )
    const room = yield* Effect.promise(() =>
      settings.sink === "kafka" ? roomForSpool(settings, existing) : roomForLog(existing)
    )
    return [can, room]
  })

export const disk = (settings: Settings): Check => ({
  subject: "disk",
  variables: ["DATA_DIR", "SPOOL", "SINK"],
  findings: findings(settings)
})
