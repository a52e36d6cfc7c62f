/** Ports of the loopback interface that nobody listens on. */
import { once } from "node:events"
import { type AddressInfo, createServer } from "node:net"

export const freePorts = async (count: number): Promise<ReadonlyArray<number>> => {
  const servers = Array.from({ length: count }, () => createServer())
  await Promise.all(servers.map((server) => once(server.listen(0, "127.0.0.1"), "listening")))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => once(server.close(), "close")))
  return ports
}
