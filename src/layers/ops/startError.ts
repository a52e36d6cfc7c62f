/** Why the HTTP port cannot be listened on, in one line for the operator. */
import { Predicate, Schema } from "effect"

export class OpsServerError extends Schema.TaggedError<OpsServerError>()("OpsServerError", {
  /** What failed, and which setting to look at. */
  message: Schema.String,
  cause: Schema.optionalKey(Schema.Defect())
}) {}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "is taken by another program: choose another HTTP_PORT, or 0 to do without",
  EACCES: "needs privileges: choose an HTTP_PORT of 1024 or more, or 0 to do without",
  EADDRNOTAVAIL: "is no address of this machine: look at HTTP_HOST",
  ENOTFOUND: "is no known host: look at HTTP_HOST"
}

export const startError = (host: string, port: number, cause: unknown): OpsServerError => {
  const code = Predicate.hasProperty(cause, "code") ? String(cause.code) : String(cause)
  const reason = REASONS[code] ?? `cannot be listened on (${code}): look at HTTP_HOST and HTTP_PORT`
  return new OpsServerError({ message: `HTTP_PORT=${port}: ${host}:${port} ${reason}`, cause })
}
