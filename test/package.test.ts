import { execFileSync } from "node:child_process"
import { existsSync, mkdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as licences from "../scripts/licences.ts"
import { layOut, pack } from "./support/installed.ts"
import { worksAsCommand, worksAsLibrary } from "./support/installedChecks.ts"
import { temporaryFolder } from "./support/temporaryFolder.ts"

const root = fileURLToPath(new URL("..", import.meta.url))

interface Packed {
  readonly files: ReadonlyArray<{ readonly path: string }>
}

describe("the package", () => {
  it("holds what is needed and no more", () => {
    assert.isTrue(existsSync(`${root}/dist/Main.js`), "there is no dist/: npm run build comes first")
    const output = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], {
      cwd: root,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"]
    })
    const packed = JSON.parse(output) as ReadonlyArray<Packed> | Readonly<Record<string, Packed>>
    const files = new Set(Object.values(packed).flatMap(({ files }) => files.map(({ path }) => path)))
    for (const path of [
      "package.json",
      "README.md",
      "LICENSE",
      "CHANGELOG.md",
      "dist/Main.js",
      "dist/index.js",
      "dist/index.d.ts",
      "dist/layers/ops/page/live.html",
      "dist/layers/ops/page/live.css",
      "dist/layers/ops/page/live.js"
    ]) {
      assert.isTrue(files.has(path), `${path} is missing`)
    }
    for (const path of files) {
      assert.match(
        path,
        /^(dist\/.*\.(js|d\.ts)|dist\/layers\/ops\/page\/live\.(html|css)|package\.json|README\.md|LICENSE|CHANGELOG\.md)$/
      )
    }
  })

  it.live("works in an empty project, as a library and as a command", () =>
    Effect.gen(function* () {
      const { version } = yield* Schema.decodeEffect(Schema.fromJsonString(Schema.Struct({ version: Schema.String })))(
        readFileSync(`${root}/package.json`, "utf8")
      )
      const folder = yield* temporaryFolder
      const project = join(folder, "project")
      mkdirSync(project)
      layOut(project, pack(folder))
      worksAsCommand(project, version)
      worksAsLibrary(project)
    })
  )

  it("is listed with its licences, all of them of the kind that asks for a notice at most", () => {
    assert.strictEqual(
      readFileSync(licences.file, "utf8"),
      licences.render(),
      "run npm run docs: docs/licences.md is not what the lock file says"
    )
    for (const { licence, name } of licences.shipped()) {
      assert.match(licence, /^(MIT|ISC|Apache-2\.0|BSD-[23]-Clause|0BSD)$/, name)
    }
  })

  it("pins every dependency exactly", () => {
    const { dependencies, devDependencies } = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as Record<
      string,
      Record<string, string>
    >
    for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
      assert.match(version, /^\d+\.\d+\.\d+$/, name)
    }
  })

  it("names no registry in its lock file", () => {
    assert.notMatch(readFileSync(`${root}/package-lock.json`, "utf8"), /"resolved"|https?:\/\/[^"]*registry/)
  })
})
