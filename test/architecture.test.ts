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
  check: ["schema", "services", "pipeline", "layers"],
  cli: ["schema", "services", "pipeline", "layers", "check", "simulator", "demo", "Connector.ts"],
  demo: ["schema", "services", "pipeline", "layers", "simulator"],
  "Main.ts": ["layers", "Connector.ts", "Cli.ts"],
  "Connector.ts": ["schema", "services", "pipeline", "layers"],
  "Cli.ts": ["cli"],
  "index.ts": ["schema", "services", "pipeline", "layers", "simulator"]
}

/** The parts that know few packages; the others use what they need. */
const packages: Readonly<Record<string, RegExp>> = {
  schema: /^effect(\/|$)/,
  services: /^effect(\/|$)/,
  pipeline: /^(effect(\/.*)?|node:zlib|node:crypto|node:buffer)$/
}

/** What a command needs is loaded where it is chosen: these parts import others only by `import("…")`. */
const late: Readonly<Record<string, ReadonlyArray<string>>> = {
  cli: ["layers", "check", "simulator", "demo", "Connector.ts"],
  "Main.ts": ["Connector.ts", "Cli.ts"]
}

/** `import … from`, `export … from`, `import "…"` and `import("…")`. */
const IMPORT = /^\s*(?:import|export)\b[^"'`;]*\bfrom\s*["']([^"']+)["']|\bimport\s*(\(?)\s*["'`]([^"'`]+)["'`]/gm
/** Of types alone: it is gone when the program runs. */
const TYPES = /^\s*(?:import|export)\s+type\b/

const importsOf = (source: string) =>
  [...source.matchAll(IMPORT)].map(([text, from, late, bare]) => ({
    specifier: from ?? bare ?? "",
    early: late !== "(" && !TYPES.test(text)
  }))

const partOf = (path: string): string => path.split("/")[0] ?? ""

/** What a file of `src/` may not import. */
const forbidden = (path: string, source: string) => {
  const part = partOf(path)
  return importsOf(source).filter(({ early, specifier }) => {
    if (!specifier.startsWith(".")) return packages[part]?.test(specifier) === false
    const target = partOf(posix.join(posix.dirname(path), specifier))
    if (target === part) return false
    return below[part]?.includes(target) !== true || (early && late[part]?.includes(target) === true)
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
    assert.isAtMost(readFileSync(new URL("Connector.ts", root), "utf8").split("\n").length, 40)
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
    ["demo/Proof.ts", "import '../cli/report.ts'"],
    ["cli/commands/verify.ts", 'import * as TopicReaders from "../../layers/TopicReaders.ts"'],
    ["cli/commands/demo.ts", 'import { demo } from "../../demo/Demo.ts"'],
    ["Cli.ts", 'import "./Main.ts"'],
    ["Cli.ts", 'await import("./layers/Sinks.ts")'],
    ["Main.ts", 'import { main } from "./Connector.ts"'],
    ["layers/Launch.ts", 'await import("../Cli.ts")'],
    ["index.ts", 'import { report } from "./demo/report.ts"'],
    ["Main.ts", "void import(`./demo/Demo.ts`)"]
  ])("forbid in %s: %s", (path, source) => {
    assert.lengthOf(forbidden(path, source), 1)
  })
})
