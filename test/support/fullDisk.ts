/** A folder on a disk that has no room; none where this user may not mount one. */
import { execFileSync } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { Effect, Option } from "effect"
import { temporaryFolder } from "./temporaryFolder.ts"

const MEBIBYTE = 2 ** 20

const mount = (folder: string): boolean => {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

/** Throws when there is no room for more, which is what is wanted. */
const fill = (folder: string): void => {
  try {
    writeFileSync(join(folder, "filler"), new Uint8Array(2 * MEBIBYTE))
  } catch {
    return
  }
}

export const fullDisk = Effect.gen(function* () {
  const folder = yield* temporaryFolder
  const mounted = yield* Effect.acquireRelease(
    Effect.sync(() => mount(folder)),
    (mounted) => Effect.sync(() => mounted && execFileSync("umount", [folder]))
  )
  if (!mounted) return Option.none<string>()
  fill(folder)
  return Option.some(folder)
})
