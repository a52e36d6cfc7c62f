/** What every request is held to and every answer says, whatever the page. */
import type { Server } from "node:http"
import type { Socket } from "node:net"
import { Effect } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"

export type Page = Effect.Effect<HttpServerResponse.HttpServerResponse>

const METHODS = ["GET", "HEAD"]

const SECURITY = {
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cross-origin-opener-policy": "same-origin",
  "cache-control": "no-store"
}

const secured = (response: HttpServerResponse.HttpServerResponse) =>
  HttpServerResponse.setHeaders(response, { ...SECURITY, ...response.headers })

/** No page takes a body: whoever sends one is not read any further. */
const hasBody = ({ headers }: HttpServerRequest.HttpServerRequest): boolean =>
  headers["transfer-encoding"] !== undefined || (headers["content-length"] ?? "0") !== "0"

const isSettled = ({ body }: HttpServerResponse.HttpServerResponse): boolean => body._tag !== "Stream"

/**
 * Hangs up on who asks again before it has its answer: no client of ours does, and behind the endless answer of `/events`
 * nothing would be read any more, not even that the client has gone.
 */
export const refusePipelining = (server: Server): void => {
  const busy = new WeakSet<object>()
  server.on("request", ({ socket }, response) => {
    if (busy.has(socket)) socket.destroy()
    busy.add(socket)
    response.once("close", () => busy.delete(socket))
  })
}

/**
 * Holds so many connections, and lets a new one in all the same: a probe is heard however many others only wait. The oldest
 * that has no answer under way makes room, or the oldest of all.
 */
export const makeRoom = (server: Server, most: number): void => {
  const open = new Set<Socket>()
  const answered = new Set<Socket>()
  server.on("connection", (socket: Socket) => {
    const [oldest] = open
    if (oldest !== undefined && open.size >= most) {
      const waiting = Array.from(open).find((one) => !answered.has(one)) ?? oldest
      // Its own event comes too late for those that are let in meanwhile.
      open.delete(waiting)
      waiting.destroy()
    }
    open.add(socket)
    socket.once("close", () => open.delete(socket))
  })
  server.on("request", ({ socket }, response) => {
    answered.add(socket)
    response.once("close", () => answered.delete(socket))
  })
}

/** Answers with the page of the path; only pages that are there, only by reading. */
export const answer = (pages: ReadonlyMap<string, Page>) =>
  Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const [path = ""] = request.url.split("?")
    const page = pages.get(path)
    if (page === undefined) {
      return HttpServerResponse.text(`there are ${[...pages.keys()].join(", ")}\n`, { status: 404 })
    }
    if (!METHODS.includes(request.method)) {
      return HttpServerResponse.empty({ status: 405, headers: { allow: METHODS.join(", ") } })
    }
    if (hasBody(request)) {
      return HttpServerResponse.text("no page takes a body\n", { status: 413, headers: { connection: "close" } })
    }
    const response = yield* page
    return request.method === "GET" || isSettled(response)
      ? response
      : HttpServerResponse.empty({ status: response.status, headers: response.headers })
  }).pipe(Effect.map(secured))
