/** Whether `HTTP_PORT` is free: where it is not, a start ends at once. */
import { createServer } from "node:net"
import { Effect } from "effect"
import { startError } from "../layers/ops/startError.ts"
import type { Settings } from "../schema/Settings.ts"
import type { Check } from "./Check.ts"
import { failed, type Finding, ok } from "./Finding.ts"

/** Listens for a moment. */
const tryToListen = (host: string, port: number): Effect.Effect<Finding> =>
  Effect.callback((resume) => {
    const server = createServer()
    server.once("error", (cause) => resume(Effect.succeed(failed("http", startError(host, port, cause).message))))
    server.listen({ host, port }, () =>
      server.close(() => resume(Effect.succeed(ok("http", `HTTP_PORT: ${host}:${port} is free`))))
    )
    return Effect.sync(() => server.close())
  })

export const http = ({ http: { host, port } }: Settings): Check => ({
  subject: "http",
  variables: ["HTTP_"],
  findings: Effect.map(tryToListen(host, port), (finding) => [finding])
})
