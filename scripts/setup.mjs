// Installs and builds what is not there yet, so that one command works from a fresh clone. Runs on Node 20 or later.
import { spawnSync } from "node:child_process"
import { existsSync, rmSync, statSync } from "node:fs"

const run = (command) => {
  const { status } = spawnSync(command, { shell: true, stdio: "inherit" })
  if (status !== 0) process.exit(status ?? 1)
}
const installed = "node_modules/.package-lock.json"
const current = existsSync(installed) && statSync(installed).mtimeMs >= statSync("package-lock.json").mtimeMs

if (!current) {
  process.stderr.write("Installing dependencies …\n")
  run("npm ci --loglevel=error --no-progress")
}
if (process.argv.includes("build")) {
  rmSync("dist", { recursive: true, force: true })
  run("npm run --silent build")
}
