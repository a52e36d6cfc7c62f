/**
 * The exchange of the benchmark, a process of its own: streams, REST side, and a place for spans that nobody reads. It sends
 * nothing until it is told to (`/control/...`), says on stdout where it listens, and ends with its parent.
 */
import { createServer, type ServerResponse } from "node:http"
import { Socket } from "node:net"
import { parseArgs } from "node:util"
import * as Connections from "./Connections.ts"
import * as Market from "./Market.ts"
import * as Pace from "./Pace.ts"
import * as Rest from "./rest.ts"
import { USUAL_STREAMS } from "./streams.ts"

const { values } = parseArgs({ options: { streams: { type: "string", default: String(USUAL_STREAMS) } } })

const market = Market.make(Number(values.streams), Date.now())
const connections = Connections.make(new Map(market.sources.map(({ template }, index) => [template.stream, index])))
const pace = Pace.make(market, connections)

const report = () => ({
  connections: connections.count(),
  subscribed: connections.subscribed(),
  behind: pace.behind(),
  streams: market.sources.map(({ next, sent, skipped, template: { kind, stream, symbol } }) => ({
    stream,
    kind,
    symbol,
    first: Market.FIRST_ID,
    last: next - 1,
    sent,
    skipped
  }))
})
export type Report = ReturnType<typeof report>

const control = ({ pathname, searchParams }: URL): string | undefined => {
  const number = (name: string) => Number(searchParams.get(name))
  switch (pathname) {
    case "/control/start":
      pace.start(number("rate"))
      return "{}"
    case "/control/stop":
      pace.stop()
      return "{}"
    case "/control/skip":
      market.skip(searchParams.get("symbol") ?? "", number("ids"))
      return "{}"
    case "/control/report":
      return JSON.stringify(report())
    default:
      return undefined
  }
}

const reply = (response: ServerResponse, body: string | undefined) => {
  response.writeHead(body === undefined ? 404 : 200, { "content-type": "application/json" })
  response.end(body ?? '{"code":-1100,"msg":"no such endpoint"}')
}

const server = createServer((request, response) => {
  const url = new URL(request.url ?? "/", "http://localhost")
  if (request.method === "POST") {
    request.resume().once("end", () => reply(response, "{}"))
    return
  }
  reply(response, control(url) ?? Rest.answer(market, url, Date.now()))
})
server.on("upgrade", (request, socket) => {
  if (socket instanceof Socket) connections.upgrade(request, socket)
})
server.listen(0, "127.0.0.1", () => process.stdout.write(`${JSON.stringify(server.address())}\n`))

process.stdin.resume().once("end", () => process.exit(0))
