/** A real Kafka on free ports of the loopback interface, its data in a temporary folder. */
import { randomBytes } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { type Certificates, makeCertificates } from "./certificates.ts"
import { freePorts } from "./freePorts.ts"
import { type KafkaProcess, type NodeOptions, prepare } from "./process.ts"
import { baseProperties, scramUsers, secureProperties } from "./properties.ts"

export interface Broker extends KafkaProcess {
  /** `host:port` of the listener without security. */
  readonly bootstrap: string
  /** Ends it, and its data with it. */
  readonly remove: () => Promise<void>
}

export interface SecureBroker extends Broker {
  readonly tls: string
  readonly mutualTls: string
  readonly sasl: string
  readonly saslTls: string
  readonly certificates: Certificates
}

export interface BrokerOptions {
  /** A free one if it is not given. */
  readonly port?: number
  /** Further lines for `server.properties`. */
  readonly properties?: Readonly<Record<string, string | number>>
  readonly heapMegabytes?: number
}

const newClusterId = () => randomBytes(16).toString("base64url")

const newFolder = () => mkdtemp(join(tmpdir(), "kafka-"))

/** Prepares and starts nodes with a folder of their own; if that fails, nothing is left of it. */
const launch = async (options: ReadonlyArray<Omit<NodeOptions, "folder">>, folder: string) => {
  let nodes: ReadonlyArray<KafkaProcess> = []
  const remove = async () => {
    await Promise.all(nodes.map((node) => node.kill()))
    await rm(folder, { recursive: true, force: true })
  }
  try {
    nodes = await Promise.all(options.map((one) => prepare({ ...one, folder })))
    await Promise.all(nodes.map((node) => node.start()))
    return { nodes, remove }
  } catch (cause) {
    await remove()
    throw cause
  }
}

const launchOne = async (
  bootstrap: string,
  options: Omit<NodeOptions, "folder" | "name" | "clusterId" | "heapMegabytes"> & Pick<BrokerOptions, "heapMegabytes">,
  folder: string
): Promise<Broker> => {
  const one = { heapMegabytes: 192, ...options, name: "broker", clusterId: newClusterId() }
  const { nodes, remove } = await launch([one], folder)
  const [node] = nodes
  if (node === undefined) throw new Error("no broker")
  return { ...node, bootstrap, remove }
}

export const startBroker = async (options: BrokerOptions = {}): Promise<Broker> => {
  const [free = 0, controllerPort = 0] = await freePorts(2)
  const port = options.port ?? free
  const self = { id: 1, controllerPort }
  const properties = { ...baseProperties({ ...self, port, peers: [self] }), ...options.properties }
  const { heapMegabytes = 192 } = options
  return launchOne(`127.0.0.1:${port}`, { properties, heapMegabytes }, await newFolder())
}

/** With TLS, mutual TLS, SASL (PLAIN, SCRAM) without and with TLS, and ACLs; see `ACCOUNT`. */
export const startSecureBroker = async (own: Readonly<Record<string, string>> = {}): Promise<SecureBroker> => {
  const [port = 0, controllerPort = 0, tls = 0, mutualTls = 0, sasl = 0, saslTls = 0] = await freePorts(6)
  const folder = await newFolder()
  const certificates = await makeCertificates(folder)
  const self = { id: 1, controllerPort }
  const ports = { tls, mutualTls, sasl, saslTls }
  const secure = secureProperties(baseProperties({ ...self, port, peers: [self] }), ports, certificates)
  const properties = { ...secure, ...own }
  const broker = await launchOne(`127.0.0.1:${port}`, { properties, format: scramUsers }, folder)
  return {
    ...broker,
    tls: `localhost:${tls}`,
    mutualTls: `localhost:${mutualTls}`,
    sasl: `127.0.0.1:${sasl}`,
    saslTls: `localhost:${saslTls}`,
    certificates
  }
}

export interface Cluster {
  readonly bootstrap: ReadonlyArray<string>
  readonly nodes: ReadonlyArray<KafkaProcess>
  readonly remove: () => Promise<void>
}

/** Combined nodes; replication factor as many, two of them in sync suffice. */
export const startCluster = async (size = 3): Promise<Cluster> => {
  const ports = await freePorts(2 * size)
  const clusterId = newClusterId()
  const peers = Array.from({ length: size }, (_, index) => ({
    id: index + 1,
    port: ports[2 * index] ?? 0,
    controllerPort: ports[2 * index + 1] ?? 0
  }))
  const options = peers.map((peer) => ({
    name: `node-${peer.id}`,
    clusterId,
    properties: baseProperties({ ...peer, peers }),
    heapMegabytes: 160
  }))
  const { nodes, remove } = await launch(options, await newFolder())
  return { bootstrap: peers.map(({ port }) => `127.0.0.1:${port}`), nodes, remove }
}
