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
