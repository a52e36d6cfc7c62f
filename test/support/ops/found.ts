/** Programs that tests look through, where they are installed; a suite without its program is skipped, and says so. */
import { accessSync, constants } from "node:fs"
import { delimiter, join } from "node:path"
import process from "node:process"
import { describe } from "vitest"

const isRunnable = (path: string): boolean => {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Where a program is: what its variable names, or the first of the names on the PATH. */
export const find = (variable: string, ...names: ReadonlyArray<string>): string | undefined =>
  process.env[variable] ??
  names
    .flatMap((name) => (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name)))
    .find(isRunnable)

/** The suite, given the program's path. */
export const describeWith = (program: string | undefined, what: string, suite: (path: string) => void): void => {
  if (program === undefined) {
    process.stderr.write(
      `SKIPPED: ${what}: the program is not installed (test/support/ops/found.ts says where it is looked for)\n`
    )
  }
  describe.skipIf(program === undefined)(what, () => {
    if (program !== undefined) suite(program)
  })
}
