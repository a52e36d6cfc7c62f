/** Kafka's jars: fetched once by Maven into a folder that git ignores, and shared by all runs from then on. */
import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

const CACHE = fileURLToPath(new URL("../../../.cache/", import.meta.url))
const POM = fileURLToPath(new URL("pom.xml", import.meta.url))
export const FOLDER = `${CACHE}kafka-4.3.1`

const run = promisify(execFile)

const works = (command: string, args: ReadonlyArray<string>) =>
  run(command, args).then(
    () => true,
    () => false
  )

/** No broker can be started on this machine; the message says what is missing. */
export class KafkaUnavailable extends Error {}

const fetch = async () => {
  if (!(await works("mvn", ["-version"]))) {
    throw new KafkaUnavailable("Maven is not installed (mvn -version fails): it fetches Kafka's jars")
  }
  await mkdir(CACHE, { recursive: true })
  const folder = await mkdtemp(`${CACHE}kafka-`)
  try {
    const goal = ["dependency:copy-dependencies", `-DoutputDirectory=${folder}`, "-DincludeScope=runtime"]
    await run("mvn", ["--quiet", "--batch-mode", "--file", POM, ...goal])
    await rename(folder, FOLDER)
  } catch (cause) {
    // Another run may have been faster.
    if (!existsSync(FOLDER)) throw new KafkaUnavailable(`Maven could not fetch Kafka: ${String(cause)}`, { cause })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** The class path, once everything is there. */
export const classPath = async (): Promise<string> => {
  if (!(await works("java", ["-version"]))) {
    throw new KafkaUnavailable("Java is not installed (java -version fails): Kafka needs 17 or later")
  }
  if (!existsSync(FOLDER)) await fetch()
  return `${FOLDER}/*`
}
