/**
 * Makes a release in `release/`, a folder that git ignores: the package, its bill of materials (CycloneDX) and the checksums of
 * both. `npm run release`. It ends with 1 where the advisories know of a fault in what is shipped.
 */
import { execFileSync, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { Option, Schema } from "effect"

const root = fileURLToPath(new URL("..", import.meta.url))
const folder = new URL("../release/", import.meta.url)

const Manifest = Schema.fromJsonString(Schema.Struct({ name: Schema.String, version: Schema.String }))
const Counts = Schema.Record(Schema.String, Schema.Finite)
const Audit = Schema.fromJsonString(Schema.Struct({ metadata: Schema.Struct({ vulnerabilities: Counts }) }))
const Json = Schema.fromJsonString(Schema.Record(Schema.String, Schema.Unknown))
const Component = Schema.Struct({
  metadata: Schema.StructWithRest(Schema.Struct({ component: Schema.Record(Schema.String, Schema.Unknown) }), [
    Schema.Record(Schema.String, Schema.Unknown)
  ])
})

const say = (line: string) => process.stderr.write(`${line}\n`)
const npm = (...args: ReadonlyArray<string>) =>
  execFileSync("npm", args, { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] })

const { name, version } = Schema.decodeSync(Manifest)(readFileSync(`${root}/package.json`, "utf8"))

/** npm calls the component by the folder's name. */
const billOfMaterials = (): string => {
  const text = npm(
    "sbom",
    "--omit",
    "dev",
    "--sbom-format",
    "cyclonedx",
    "--sbom-type",
    "application",
    "--package-lock-only"
  )
  const bill = Schema.decodeSync(Json)(text)
  const { metadata } = Schema.decodeUnknownSync(Component)(bill)
  return JSON.stringify({ ...bill, metadata: { ...metadata, component: { ...metadata.component, name } } }, null, 2)
}

/** How many advisories there are about what is shipped; nothing where the registry does not answer such questions. */
const advisories = (): Option.Option<number> => {
  const { stdout } = spawnSync("npm", ["audit", "--omit", "dev", "--json"], { cwd: root, encoding: "utf8" })
  return Option.map(Schema.decodeOption(Audit)(stdout), ({ metadata }) => metadata.vulnerabilities["total"] ?? 0)
}

say("Building …")
rmSync(`${root}/dist`, { recursive: true, force: true })
npm("run", "--silent", "build")
rmSync(folder, { recursive: true, force: true })
mkdirSync(folder)
npm("pack", "--silent", "--ignore-scripts", "--pack-destination", fileURLToPath(folder))
writeFileSync(new URL(`${name}-${version}.cdx.json`, folder), `${billOfMaterials()}\n`)

const sums = readdirSync(folder)
  .toSorted()
  .map(
    (file) =>
      `${createHash("sha256")
        .update(readFileSync(new URL(file, folder)))
        .digest("hex")}  ${file}\n`
  )
writeFileSync(new URL("SHA256SUMS", folder), sums.join(""))
process.stdout.write(sums.join(""))

const known = advisories()
if (Option.isNone(known)) say("NOT AUDITED: the registry does not answer npm audit. docs/security.md says what to do")
else say(`npm audit: ${known.value} advisories about what is shipped`)
if (Option.getOrElse(known, () => 0) > 0) process.exit(1)
