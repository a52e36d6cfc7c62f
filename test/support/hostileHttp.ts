/** What rude clients send to an HTTP server, from a seed; a request may be cut off anywhere. */
import { seeded } from "./hostile.ts"

const METHODS = [
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "OPTIONS",
  "TRACE",
  "CONNECT",
  "PATCH",
  "get",
  "PRI",
  "",
  "G T"
]
const PATHS = ["/", "/events", "/status", "/healthz", "/readyz", "/metrics", "*", "", "/../../etc/passwd", "//", "/%00"]
const VERSIONS = ["HTTP/1.1", "HTTP/1.0", "HTTP/2.0", "HTTP/9.9", "http/1.1", ""]
const HEADERS = [
  "Host: a",
  "Host: a\r\nHost: b",
  "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
  "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk",
  "Transfer-Encoding: chunked",
  "Transfer-Encoding: chunked\r\nContent-Length: 3",
  "Content-Length: -1",
  "Content-Length: 99999999999999999999",
  "Content-Length: 10",
  "Expect: 100-continue",
  "Expect: nonsense",
  "Range: bytes=0-1,2-3,9999999999-",
  "Accept-Encoding: gzip;q=nan",
  "Cookie: a=b; __proto__=c",
  "X: \u0001\u0002",
  ": no name",
  "No-Colon",
  " folded: yes"
]

/** The bytes of one connection. */
export const hostileRequests = (seed: number) => {
  const random = seeded(seed)
  const int = (below: number): number => Math.floor(random() * below)
  const pick = <A>(values: ReadonlyArray<A>): A => values[int(values.length)]!
  const noise = (most: number): string =>
    Array.from({ length: int(most) }, () => String.fromCharCode(int(256))).join("")

  const line = () =>
    `${pick(METHODS)} ${pick(PATHS)}${pick(["", "?a=b", `?${noise(40)}`, noise(20)])} ${pick(VERSIONS)}`
  const wild = () => {
    const headers = Array.from({ length: int(6) }, () => pick(HEADERS))
    const body = pick(["", "", "abc", "3\r\nabc\r\n0\r\n\r\n", "ffffffffffffffff\r\nabc", noise(200)])
    return [line(), ...headers, "", body].join(pick(["\r\n", "\r\n", "\r\n", "\n"]))
  }
  const good = () => `GET ${pick(PATHS.slice(0, 6))} HTTP/1.1\r\nHost: a\r\n\r\n`
  const makers: ReadonlyArray<() => string> = [
    wild,
    wild,
    wild,
    good,
    // Well-formed, and not allowed.
    () => good().replace("GET", pick(["POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"])),
    () => good().replace("\r\n\r\n", `\r\n${pick(["Content-Length: 3", "Transfer-Encoding: chunked"])}\r\n\r\nabc`),
    // Pipelined.
    () => Array.from({ length: 1 + int(20) }, good).join(""),
    // Cut off anywhere.
    () => {
      const text = pick([good, wild])()
      return text.slice(0, int(text.length))
    },
    // One byte is another.
    () => {
      const text = good()
      const at = int(text.length)
      return text.slice(0, at) + String.fromCharCode(int(256)) + text.slice(at + 1)
    },
    // Too much of something.
    () => `GET /${"a".repeat(int(20_000))} HTTP/1.1\r\nHost: a\r\n\r\n`,
    () => `GET / HTTP/1.1\r\n${"X: y\r\n".repeat(int(4000))}\r\n`,
    // Not HTTP at all.
    () => "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
    () => "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03" + noise(500),
    () => noise(2000)
  ]
  return (): Buffer => Buffer.from(pick(makers)(), "latin1")
}
