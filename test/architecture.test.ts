/** Which way imports run, and which packages a part may know. */
import { readdirSync, readFileSync } from "node:fs"
import { posix } from "node:path"
import { assert, describe, it } from "@effect/vitest"

const root = new URL("../src/", import.meta.url)
const files = readdirSync(root, { recursive: true, encoding: "utf8" })
  .map((path) => path.replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".ts"))

/** What each part may import from the others; beside itself, always. The files at the top are parts of their own. */
const below: Readonly<Record<string, ReadonlyArray<string>>> = {
  schema: [],
  services: ["schema"],
  pipeline: ["schema", "services"],
  layers: ["schema", "services", "pipeline"],
  simulator: ["schema"],
  cli: ["schema", "services", "pipeline"],
  demo: ["schema", "services", "pipeline", "layers", "simulator", "cli"],
  "Main.ts": ["schema", "services", "pipeline", "layers", "Cli.ts"],
  "Cli.ts": ["schema", "services", "pipeline", "layers", "cli"],
  "index.ts": ["schema", "services", "pipeline", "layers", "simulator"],
  "Demo.ts": ["schema", "services", "pipeline", "layers", "simulator", "demo"]
}

/** The parts that know few packages; the others use what they need. */
const packages: Readonly<Record<string, RegExp>> = {
  schema: /^effect(\/|$)/,
  services: /^effect(\/|$)/,
  pipeline: /^(effect(\/.*)?|node:zlib|node:crypto)$/
}

/** `import … from`, `export … from`, `import "…"` and `import("…")`. */
const IMPORT = /^\s*(?:import|export)\b[^"'`;]*\bfrom\s*["']([^"']+)["']|\bimport\s*\(?\s*["'`]([^"'`]+)["'`]/gm

const importsOf = (source: string): ReadonlyArray<string> =>
  [...source.matchAll(IMPORT)].map(([, from, bare]) => from ?? bare ?? "")

const partOf = (path: string): string => path.split("/")[0] ?? ""

/** What a file of `src/` may not import. */
const forbidden = (path: string, source: string): ReadonlyArray<string> => {
  const part = partOf(path)
  return importsOf(source).filter((specifier) => {
    if (!specifier.startsWith(".")) return packages[part]?.test(specifier) === false
    const target = partOf(posix.join(posix.dirname(path), specifier))
    return target !== part && below[part]?.includes(target) !== true
  })
}

describe("the parts of the program", () => {
  it("are those whose imports are ruled here", () => {
    assert.sameMembers([...new Set(files.map(partOf))], Object.keys(below))
  })

  it.each(files)("import in %s only what stands below", (path) => {
    assert.deepStrictEqual(forbidden(path, readFileSync(new URL(path, root), "utf8")), [])
  })

  it("meet at the top in no more than 40 lines", () => {
    assert.isAtMost(readFileSync(new URL("Main.ts", root), "utf8").split("\n").length, 40)
  })
})

describe("the rules", () => {
  it.each([
    ["schema/Envelope.ts", 'import { EventSink } from "../services/EventSink.ts"'],
    ["schema/kinds/trade.ts", 'import type {\n  Lane\n} from "../../pipeline/Lane.ts"'],
    ["schema/kinds/trade.ts", 'export * from "../../layers/sqlite.ts"'],
    ["schema/Envelope.ts", 'import { readFileSync } from "node:fs"'],
    ["schema/Envelope.ts", 'import "ws"'],
    ["schema/Envelope.ts", 'import { x } from "effectful"'],
    ["services/Health.ts", 'const lane = await import("../pipeline/Lane.ts")'],
    ["services/Health.ts", 'export { Kafka } from "kafkajs"'],
    ["pipeline/Lane.ts", 'import * as Sinks from "../layers/Sinks.ts"'],
    ["pipeline/Lane.ts", 'import { get } from "node:https"'],
    ["pipeline/Lane.ts", 'import { NodeRuntime } from "@effect/platform-node"'],
    ["layers/Sinks.ts", 'import * as Simulator from "../simulator/Simulator.ts"'],
    ["layers/kafkajs/errors.ts", 'import { run } from "../../index.ts"'],
    ["layers/Sinks.ts", 'import "../Main.ts"'],
    ["simulator/Hub.ts", 'import type { Health } from "../services/Health.ts"'],
    ["demo/Proof.ts", "import '../Demo.ts'"],
    ["cli/commands.ts", 'import * as TopicReaders from "../layers/TopicReaders.ts"'],
    ["Cli.ts", 'import "./Main.ts"'],
    ["layers/Launch.ts", 'await import("../Cli.ts")'],
    ["index.ts", 'import { report } from "./demo/report.ts"'],
    ["Main.ts", "void import(`./Demo.ts`)"]
  ])("forbid in %s: %s", (path, source) => {
    assert.lengthOf(forbidden(path, source), 1)
  })
})
