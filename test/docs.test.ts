/** What is generated into docs/ is current, and every link of every page leads somewhere. */
import { existsSync, globSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as licences from "../scripts/licences.ts"
import * as records from "../scripts/records.ts"
import * as schemas from "../scripts/schema.ts"
import { fieldsOf } from "../src/schema/fields.ts"
import { markets } from "../src/schema/Market.ts"
import { slugs } from "./support/slugs.ts"

const root = fileURLToPath(new URL("..", import.meta.url))
const pages = globSync("**/*.md", {
  cwd: root,
  exclude: (path) => /^(node_modules|dist|data|coverage|release|\.)/.test(path)
})
const read = (page: string) => readFileSync(join(root, page), "utf8")

describe("what is written by npm run docs", () => {
  it.each([...schemas.files(), ...records.files(), { file: licences.file, content: licences.render() }])(
    "is current: $file",
    ({ content, file }) => {
      assert.strictEqual(readFileSync(file, "utf8"), content)
    }
  )

  it.each(Object.values(markets).flatMap(({ kinds }) => kinds))("describes every field of $name of $market", (kind) => {
    const fields = fieldsOf(kind)
    assert.isNotEmpty(fields)
    for (const { description, name, type } of fields) {
      assert.notStrictEqual(description, "", name)
      assert.notStrictEqual(type, "", name)
    }
  })
})

describe("docs/architecture.md", () => {
  it("says what every folder of the sources holds", () => {
    const folders = globSync("src/**/*.ts", { cwd: root }).map((file) => dirname(file))
    for (const folder of new Set(folders))
      assert.include(read("docs/architecture.md"), `\`${folder}${folder === "src" ? "/" : ""}\``)
  })
})

describe("links", () => {
  const anchors = new Map(pages.map((page) => [page, slugs(read(page))]))

  it("are looked for where there are pages", () => {
    assert.includeMembers(pages, ["README.md", "docs/guarantees.md", "deploy/kubernetes/README.md"])
  })

  it.each(pages)("lead somewhere: %s", (page) => {
    const prose = read(page).replaceAll(/^(```+)[^]*?^\1/gm, "")
    for (const [, target = ""] of prose.matchAll(/\]\(<?([^)\s>]+)>?\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      const [path = "", anchor] = target.split("#")
      const file = path === "" ? page : relative(root, join(root, dirname(page), path))
      assert.isTrue(existsSync(join(root, file)), `${target}: there is no ${file}`)
      if (anchor !== undefined) assert.include(anchors.get(file) ?? [], anchor, target)
    }
  })
})
