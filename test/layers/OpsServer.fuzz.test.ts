/** Whatever is sent to it, the HTTP server answers or hangs up, and serves the next one. */
import { once } from "node:events"
import { connect, type Socket } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Logger } from "effect"
import * as HealthState from "../../src/layers/HealthState.ts"
import * as OpsServer from "../../src/layers/OpsServer.ts"
import * as StatusBoard from "../../src/layers/StatusBoard.ts"
import { hostileRequests } from "../support/hostileHttp.ts"
import { freePort, request } from "../support/http.ts"
import { settingsLayer } from "../support/settings.ts"

const SEED = 20_261_126
const WAVES = 40
/** At a time; the server takes 64. */
const CLIENTS = 25

const start = Effect.gen(function* () {
  const port = yield* freePort
  yield* Layer.build(
    OpsServer.layer.pipe(
      Layer.provide(
        Layer.mergeAll(HealthState.layer, StatusBoard.layer, settingsLayer({ http: { host: "127.0.0.1", port } }))
      ),
      Layer.provide(Logger.layer([]))
    )
  )
  return port
})

const open = (port: number): Socket => {
  const socket = connect(port, "127.0.0.1")
  socket.on("error", () => {})
  return socket
}

/** Sends all and no more; completes when the server has hung up. */
const ask = async (port: number, bytes: Buffer): Promise<string> => {
  const socket = open(port)
  let answer = ""
  socket.on("data", (data: Buffer) => (answer += data.toString("latin1")))
  socket.end(bytes)
  if (!socket.closed) await once(socket, "close")
  return answer
}

/** Sends and waits for more, until it is let go of. */
const linger = async (port: number, bytes: Buffer): Promise<Socket> => {
  const socket = open(port)
  await once(socket, "connect")
  socket.write(bytes)
  return socket
}

/** The status of the first answer; undefined where it hung up without one. */
const statusOf = (answer: string): string | undefined => /^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1]

describe("OpsServer", () => {
  it.live("survives rude clients", () =>
    Effect.gen(function* () {
      const port = yield* start
      const next = hostileRequests(SEED)
      const seen = new Map<string, number>()
      for (let wave = 0; wave < WAVES; wave++) {
        const [answers, lingering] = yield* Effect.promise(() =>
          Promise.all([
            Promise.all(Array.from({ length: CLIENTS }, () => ask(port, next()))),
            Promise.all(Array.from({ length: 5 }, () => linger(port, next())))
          ])
        )
        for (const answer of answers) {
          const status = statusOf(answer) ?? "hung up"
          assert.match(status, /^(200|4\d\d|503|hung up)$/, `seed ${SEED}, wave ${wave}: ${answer.slice(0, 200)}`)
          seen.set(status, (seen.get(status) ?? 0) + 1)
        }
        for (const socket of lingering) socket.destroy()
        assert.strictEqual((yield* request(`http://127.0.0.1:${port}/healthz`)).status, 200)
      }
      // The fuzz reaches every kind of answer, or it would prove little.
      assert.includeMembers([...seen.keys()], ["200", "400", "404", "405", "413", "431", "503", "hung up"])
      process.stdout.write(
        `HTTP fuzz, seed ${SEED}: ${WAVES * (CLIENTS + 5)} connections, answers ${JSON.stringify(Object.fromEntries(seen))}\n`
      )
    })
  )
})
