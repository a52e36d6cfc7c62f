/** The tarball, installed by npm from the registry into an empty project. */
import { spawnSync } from "node:child_process"
import { mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import process from "node:process"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { emptyProject, pack } from "./support/installed.ts"
import { worksAsCommand, worksAsLibrary } from "./support/installedChecks.ts"
import { temporaryFolder } from "./support/temporaryFolder.ts"

const { version } = Schema.decodeSync(Schema.fromJsonString(Schema.Struct({ version: Schema.String })))(
  readFileSync(new URL("../package.json", import.meta.url), "utf8")
)

const registry = spawnSync("npm", ["ping"], { encoding: "utf8", timeout: 20_000 })
if (registry.status !== 0) process.stderr.write("SKIPPED: npm install of the package: the registry does not answer\n")

describe.skipIf(registry.status !== 0)("the package from a registry", () => {
  it.live("is installed with what it needs, and works as a library and as a command", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const project = join(folder, "project")
      mkdirSync(project)
      emptyProject(project)
      const { status, stderr } = spawnSync(
        "npm",
        ["install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error", pack(folder)],
        { cwd: project, encoding: "utf8" }
      )
      assert.strictEqual(status, 0, stderr)
      worksAsCommand(project, version)
      worksAsLibrary(project)
    })
  )
})
