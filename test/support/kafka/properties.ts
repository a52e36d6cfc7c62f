/** `server.properties` of a combined KRaft node: small, quick to start, and creating no topic by itself. */

export interface Peer {
  readonly id: number
  readonly controllerPort: number
}

export const baseProperties = (node: Peer & { readonly port: number; readonly peers: ReadonlyArray<Peer> }) => ({
  "process.roles": "broker,controller",
  "node.id": node.id,
  "controller.quorum.voters": node.peers.map((peer) => `${peer.id}@127.0.0.1:${peer.controllerPort}`).join(),
  listeners: `CLIENT://127.0.0.1:${node.port},CONTROLLER://127.0.0.1:${node.controllerPort}`,
  "advertised.listeners": `CLIENT://127.0.0.1:${node.port}`,
  "listener.security.protocol.map": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
  "controller.listener.names": "CONTROLLER",
  "inter.broker.listener.name": "CLIENT",
  "auto.create.topics.enable": "false",
  "num.partitions": 6,
  "default.replication.factor": node.peers.length,
  "min.insync.replicas": node.peers.length > 1 ? 2 : 1,
  "offsets.topic.replication.factor": node.peers.length,
  "offsets.topic.num.partitions": 1,
  "transaction.state.log.replication.factor": node.peers.length,
  "transaction.state.log.min.isr": 1,
  "transaction.state.log.num.partitions": 1,
  "share.coordinator.state.topic.replication.factor": node.peers.length,
  "share.coordinator.state.topic.min.isr": 1,
  "group.initial.rebalance.delay.ms": 0,
  "log.segment.bytes": 16 * 1024 * 1024,
  // Records of long ago are kept: the broker looks for what is too old every five minutes.
  "log.retention.ms": -1,
  "log.cleaner.dedupe.buffer.size": 4 * 1024 * 1024,
  "num.network.threads": 2,
  "num.io.threads": 4,
  // A dead node is noticed soon.
  "broker.session.timeout.ms": 3000,
  "broker.heartbeat.interval.ms": 500
})

export interface SecurePorts {
  readonly tls: number
  readonly mutualTls: number
  readonly sasl: number
  readonly saslTls: number
}

/** The account of the SASL listeners; it may do everything until a test adds an ACL. */
export const ACCOUNT = { username: "app", password: "app-secret" }

export const scramUsers = ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => [
  "--add-scram",
  `${mechanism}=[name=${ACCOUNT.username},password=${ACCOUNT.password}]`
])

const PLAIN = `org.apache.kafka.common.security.plain.PlainLoginModule required user_${ACCOUNT.username}="${ACCOUNT.password}";`
const SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"

const jaas = (listener: string) => ({
  [`listener.name.${listener}.plain.sasl.jaas.config`]: PLAIN,
  [`listener.name.${listener}.scram-sha-256.sasl.jaas.config`]: SCRAM,
  [`listener.name.${listener}.scram-sha-512.sasl.jaas.config`]: SCRAM
})

/** Every kind of security, each on a listener of its own, beside the plain one. */
export const secureProperties = (
  base: ReturnType<typeof baseProperties>,
  ports: SecurePorts,
  files: { readonly keystoreFile: string; readonly truststoreFile: string }
) => {
  // A certificate is checked against the name that is connected to: the advertised one.
  const listeners = [
    `TLS://localhost:${ports.tls}`,
    `MUTUALTLS://localhost:${ports.mutualTls}`,
    `SASL://127.0.0.1:${ports.sasl}`,
    `SASLTLS://localhost:${ports.saslTls}`
  ].join()
  return {
    ...base,
    listeners: `${base.listeners},${listeners}`,
    "advertised.listeners": `${base["advertised.listeners"]},${listeners}`,
    "listener.security.protocol.map": `${base["listener.security.protocol.map"]},TLS:SSL,MUTUALTLS:SSL,SASL:SASL_PLAINTEXT,SASLTLS:SASL_SSL`,
    "ssl.keystore.type": "PEM",
    "ssl.keystore.location": files.keystoreFile,
    "ssl.truststore.type": "PEM",
    "ssl.truststore.location": files.truststoreFile,
    "listener.name.mutualtls.ssl.client.auth": "required",
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512",
    ...jaas("sasl"),
    ...jaas("sasltls"),
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:ANONYMOUS",
    "allow.everyone.if.no.acl.found": "true"
  }
}
