/**
 * The proxy that the usual variables name (`HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY`, less `NO_PROXY`; `http:`, `https:` and
 * `socks:` addresses), for the exchange's sockets and its REST side alike.
 */
import type { Agent } from "node:https"
import { HttpsProxyAgent } from "https-proxy-agent"
import { getProxyForUrl } from "proxy-from-env"
import { SocksProxyAgent } from "socks-proxy-agent"

/** `undefined`: straight. WebSocket addresses count as the HTTP ones they begin as. */
export const agentFor = (url: URL): Agent | undefined => {
  const proxy = getProxyForUrl(url.href.replace(/^ws/, "http"))
  if (proxy === "") return undefined
  return proxy.startsWith("socks") ? new SocksProxyAgent(proxy) : new HttpsProxyAgent(proxy)
}

const VARIABLES = new Set(["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY"])
const PROTOCOLS = new Set(["http:", "https:", "socks:", "socks4:", "socks4a:", "socks5:", "socks5h:"])

const isProxy = (text: string): boolean => {
  const address = text.includes("://") ? text : `http://${text}`
  return URL.canParse(address) && PROTOCOLS.has(new URL(address).protocol)
}

/** What is wrong with the proxy variables of an environment; their values are not shown, they may hold a password. */
export const faults = (environment: Readonly<Record<string, string | undefined>>): ReadonlyArray<string> =>
  Object.entries(environment)
    .filter(([name, text = ""]) => VARIABLES.has(name.toUpperCase()) && text.trim() !== "" && !isProxy(text.trim()))
    .map(
      ([name]) => `${name}: expected the address of an HTTP or SOCKS proxy, for example http://proxy.example.com:3128`
    )
