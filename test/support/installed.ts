/** The package as a user has it: its tarball in an empty project. */
import { execFileSync, spawnSync } from "node:child_process"
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { assert } from "@effect/vitest"
import { shippedPaths } from "../../scripts/licences.ts"

const root = fileURLToPath(new URL("../..", import.meta.url))
const NAME = "binance-kafka-connector"

/** Makes the tarball there, of what was built last. */
export const pack = (folder: string): string => {
  assert.isTrue(existsSync(`${root}/dist/Main.js`), "there is no dist/: npm run build comes first")
  execFileSync("npm", ["pack", "--silent", "--ignore-scripts", "--pack-destination", folder], { cwd: root })
  return join(folder, readdirSync(folder).find((file) => file.endsWith(".tgz")) ?? "no tarball")
}

export const emptyProject = (folder: string): void => {
  writeFileSync(join(folder, "package.json"), '{ "name": "empty", "private": true, "type": "module" }')
}

/** What npm would make of the tarball, without a registry: its files, beside the versions that the lock file names. */
export const layOut = (project: string, tarball: string): void => {
  emptyProject(project)
  for (const path of shippedPaths()) {
    // What lies deeper comes with what it lies in.
    if (path.lastIndexOf("node_modules/") > 0 || !existsSync(join(root, path))) continue
    mkdirSync(dirname(join(project, path)), { recursive: true })
    symlinkSync(join(root, path), join(project, path))
  }
  execFileSync("tar", ["-xzf", tarball, "-C", project])
  renameSync(join(project, "package"), join(project, "node_modules", NAME))
  mkdirSync(join(project, "node_modules/.bin"), { recursive: true })
  const bin = join(project, "node_modules/.bin", NAME)
  symlinkSync(`../${NAME}/dist/Main.js`, bin)
  chmodSync(bin, 0o755)
}

export interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

const run = (
  project: string,
  file: string,
  args: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>>
) => {
  const { status, stderr, stdout } = spawnSync(file, args, {
    cwd: project,
    encoding: "utf8",
    env: { PATH: `${dirname(process.execPath)}:${process.env["PATH"]}`, ...environment }
  })
  return { status, stdout, stderr } satisfies Ended
}

/** The command, as a shell finds it. */
export const command = (
  project: string,
  args: ReadonlyArray<string>,
  environment: Readonly<Record<string, string>> = {}
): Ended => run(project, join(project, "node_modules/.bin", NAME), args, environment)

/** A program of the user's own. */
export const program = (project: string, source: string): Ended => {
  writeFileSync(join(project, "program.ts"), source)
  return run(project, process.execPath, ["program.ts"], {})
}

/** What the compiler says of that program, by the package's declarations. */
export const compile = (project: string): Ended => {
  const types = join(project, "node_modules/@types")
  mkdirSync(types, { recursive: true })
  if (!existsSync(join(types, "node"))) {
    symlinkSync(join(root, "node_modules/@types/node"), join(types, "node"))
  }
  const options = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--skipLibCheck", "--module", "nodenext"]
  return run(project, join(root, "node_modules/.bin/tsc"), [...options, "--target", "es2024", "program.ts"], {})
}
