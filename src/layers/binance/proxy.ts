/**
 * The proxy that the usual variables name (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, less `NO_PROXY`; `http:` and `socks:`
 * addresses), for the exchange's sockets and its REST side alike. TLS to the proxy itself is refused: https-proxy-agent leaves
 * a connection that ends in the middle of that handshake with an error that nobody can catch.
 */
import type { Agent } from "node:https"
import process from "node:process"
import { HttpsProxyAgent } from "https-proxy-agent"
import { getProxyForUrl } from "proxy-from-env"
import { SocksProxyAgent } from "socks-proxy-agent"

/** A variable without a scheme means `http:` everywhere; proxy-from-env puts the target's before it. */
const withScheme = (proxy: string): string => {
  const bare = proxy.slice(proxy.indexOf("://") + "://".length)
  return Object.values(process.env).includes(bare) ? `http://${bare.trim()}` : proxy.trim()
}

/**
 * `undefined`: straight. WebSocket addresses count as the HTTP ones they begin as. `abandoned` ends a connection that is still
 * being opened; one to a SOCKS proxy gives up by itself after 30 s.
 */
export const agentFor = (url: URL, abandoned?: AbortSignal): Agent | undefined => {
  const proxy = withScheme(getProxyForUrl(url.href.replace(/^ws/, "http")))
  if (proxy === "" || proxy === "http://") return undefined
  return proxy.startsWith("socks")
    ? new SocksProxyAgent(proxy)
    : new HttpsProxyAgent(proxy, abandoned && { signal: abandoned })
}

const VARIABLES = new Set(["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"])
const PROTOCOLS = new Set(["http:", "socks:", "socks4:", "socks4a:", "socks5:", "socks5h:"])

const isProxy = (text: string): boolean => {
  const address = text.includes("://") ? text : `http://${text}`
  return URL.canParse(address) && PROTOCOLS.has(new URL(address).protocol)
}

/** What is wrong with the proxy variables of an environment. Their values are not shown: they may hold a password. */
export const faults = (environment: Readonly<Record<string, string | undefined>>): ReadonlyArray<string> =>
  Object.entries(environment)
    .filter(([name, text = ""]) => VARIABLES.has(name.toUpperCase()) && text.trim() !== "" && !isProxy(text.trim()))
    .map(
      ([name]) =>
        `${name}: expected the address of an HTTP or SOCKS proxy, without TLS to the proxy itself, for example http://proxy.example.com:3128`
    )
