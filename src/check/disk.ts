/** Whether `DATA_DIR` can be written, and has room for what may wait there. */
import { access, constants, readdir, rm, stat, statfs, writeFile } from "node:fs/promises"
import { dirname, join, resolve } from "node:path"
import { Effect, Predicate } from "effect"
import type { Settings } from "../schema/Settings.ts"
import type { Check } from "./Check.ts"
import { failed, type Finding, ok, warning } from "./Finding.ts"

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false
  )

/** Itself, or the nearest folder above it that is there: in it the missing ones would be made. */
const nearest = async (folder: string): Promise<string> =>
  (await exists(folder)) || dirname(folder) === folder ? folder : nearest(dirname(folder))

const tryToWrite = async (folder: string, existing: string): Promise<void> => {
  await access(existing, constants.W_OK | constants.X_OK)
  if (folder !== existing) return
  const trial = join(folder, `.check-${process.pid}`)
  await writeFile(trial, "")
  await rm(trial)
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

const room = async ({ dataDir, spool }: Settings, existing: string): Promise<Finding> => {
  const { bavail, bsize } = await statfs(existing)
  const held = await heldIn(join(resolve(dataDir), "spool"))
  const free = bavail * bsize
  const wanted = Math.max(0, spool.maxBytes - held)
  const says = `${existing} has ${gibibytes(free)} free`
  return free < wanted
    ? warning(
        "disk",
        `${says}, SPOOL_MAX_BYTES may need ${gibibytes(wanted)}: make room, or lower SPOOL_MAX_BYTES; a full disk ends what it can keep`
      )
    : ok("disk", `${says}, SPOOL_MAX_BYTES may need ${gibibytes(wanted)}`)
}

/** A spool that cannot be written is done without, unless it was asked for. */
const unwritable = ({ sink, spool }: Settings, existing: string, code: string): Finding => {
  const says = `DATA_DIR: this user cannot write ${existing} (${code}): choose another folder, or let the user write it`
  return sink === "local" || spool.mode === "always"
    ? failed("disk", says)
    : warning("disk", `${says}; without it an outage of Kafka is bridged in memory alone`)
}

const findings = (settings: Settings) =>
  Effect.gen(function* () {
    const folder = resolve(settings.dataDir)
    const existing = yield* Effect.promise(() => nearest(folder))
    const written = yield* Effect.result(Effect.tryPromise({ try: () => tryToWrite(folder, existing), catch: codeOf }))
    if (written._tag === "Failure") return [unwritable(settings, existing, written.failure)]
    const can = ok(
      "disk",
      folder === existing ? `DATA_DIR: ${folder} can be written` : `DATA_DIR: ${folder} can be made`
    )
    if (settings.sink !== "kafka") return [can]
    return [can, yield* Effect.promise(() => room(settings, existing))]
  })

export const disk = (settings: Settings): Check => ({
  subject: "disk",
  variables: ["DATA_DIR", "SPOOL", "SINK"],
  findings: findings(settings)
})
