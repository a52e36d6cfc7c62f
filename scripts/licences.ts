/** Writes `docs/licences.md`: what is shipped, and under which licence, from the lock file. `node scripts/licences.ts`. */
import { readFileSync, writeFileSync } from "node:fs"
import { Schema } from "effect"

export const file = new URL("../docs/licences.md", import.meta.url)

const Lock = Schema.fromJsonString(
  Schema.Struct({
    packages: Schema.Record(
      Schema.String,
      Schema.Struct({
        version: Schema.optionalKey(Schema.String),
        license: Schema.optionalKey(Schema.String),
        dev: Schema.optionalKey(Schema.Boolean),
        optional: Schema.optionalKey(Schema.Boolean)
      })
    )
  })
)

export interface Shipped {
  readonly name: string
  readonly version: string
  readonly licence: string
  /** Installed only where it fits the machine. */
  readonly optional: boolean
}

/** What `npm ci --omit=dev` may install on some machine, by its folder. */
const entries = () => {
  const lock = Schema.decodeSync(Lock)(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8"))
  return Object.entries(lock.packages).filter(([path, { dev }]) => path !== "" && dev !== true)
}

export const shippedPaths = (): ReadonlyArray<string> => entries().map(([path]) => path)

/** The same by name. */
export const shipped = (): ReadonlyArray<Shipped> => {
  const found = entries().map(([path, { license = "unknown", optional = false, version = "" }]) => ({
    name: path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length),
    version,
    licence: license,
    optional
  }))
  const byId = new Map(found.map((one) => [`${one.name} ${one.version}`, one]))
  return [...byId.keys()].toSorted().flatMap((id) => byId.get(id) ?? [])
}

export const render = (): string => {
  const packages = shipped()
  const counts = Map.groupBy(packages, ({ licence }) => licence)
  return `# Licences

What \`npm ci --omit=dev\` installs, and with it the image and a release. The connector itself is under MIT ([LICENSE](../LICENSE)).
This page is written by \`node scripts/licences.ts\` from the lock file.

${[...counts.entries()].map(([licence, of]) => `${licence}: ${of.length}`).join(" · ")}

| Package | Version | Licence | |
|---|---|---|---|
${packages.map((one) => `| ${one.name} | ${one.version} | ${one.licence} | ${one.optional ? "where it fits the machine" : ""} |`).join("\n")}
`
}

if (import.meta.main) writeFileSync(file, render())
