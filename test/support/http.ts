/** Free ports and plain requests on loopback, for tests of what serves or asks over HTTP. */
import { createServer, type RequestListener } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect } from "effect"

const close = (server: ReturnType<typeof createServer>) =>
  Effect.callback<void>((resume) => {
    server.close(() => resume(Effect.void))
    server.closeAllConnections()
  })

/** A server on a free port, for as long as the scope. */
export const serve = (listener: RequestListener) =>
  Effect.acquireRelease(
    Effect.callback<{ readonly port: number; readonly server: ReturnType<typeof createServer> }>((resume) => {
      const server = createServer(listener)
      server.listen(0, "127.0.0.1", () =>
        resume(Effect.succeed({ server, port: (server.address() as AddressInfo).port }))
      )
    }),
    ({ server }) => close(server)
  )

/** A port that was free a moment ago. */
export const freePort = Effect.scoped(
  Effect.map(
    serve(() => {}),
    ({ port }) => port
  )
)

export const request = (url: string, init: RequestInit = {}) =>
  Effect.promise(async () => {
    const response = await fetch(url, init)
    return { status: response.status, headers: response.headers, text: await response.text() }
  })
