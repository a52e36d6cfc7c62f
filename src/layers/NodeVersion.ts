/**
 * Imported before anything else: an older Node would fail later and less clearly. Every import is linked before this runs, so
 * what only newer versions of `node:util` and `node:zlib` have is imported as a member of the whole module, not by its name.
 */
import process from "node:process"

const MAJOR = 22
const MINOR = 19

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number)
if (major < MAJOR || (major === MAJOR && minor < MINOR)) {
  process.stderr.write(
    `binance-kafka-connector needs Node ${MAJOR}.${MINOR} or later; this is Node ${process.versions.node}\n`
  )
  process.exit(1)
}
