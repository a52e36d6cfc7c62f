/** What every client's sockets have in common. */
import type { ConnectionOptions } from "node:tls"
import { Option, Redacted } from "effect"
import type { Tls } from "../../schema/Settings.ts"

export const KEEP_ALIVE_MS = 60_000

/** Bytes; far more than any answer to what we ask. */
export const LARGEST_ANSWER = 16 * 1024 * 1024

export const tlsOptions = ({ ca, cert, key }: Tls): ConnectionOptions => ({
  ...(Option.isSome(ca) ? { ca: ca.value } : {}),
  ...(Option.isSome(cert) ? { cert: cert.value } : {}),
  ...(Option.isSome(key) ? { key: Redacted.value(key.value) } : {})
})
