/** kafkajs beneath its public API: prepared once, and only in the version that it was read in. */
import { createRequire } from "node:module"
import { Predicate } from "effect"
import * as codecs from "./codecs.ts"
import * as framesPatch from "./framesPatch.ts"

const VERSION = "2.2.4"

const installed = (): unknown => {
  const manifest: unknown = createRequire(import.meta.url)("kafkajs/package.json")
  return Predicate.hasProperty(manifest, "version") ? manifest.version : undefined
}

export const check = (version: unknown): void => {
  if (version !== VERSION) throw new TypeError(`kafkajs ${VERSION} is needed, ${String(version)} is installed`)
}

/** Safe to repeat; throws where another version is installed. */
export const prepare = (): void => {
  check(installed())
  codecs.register()
  framesPatch.apply()
}
