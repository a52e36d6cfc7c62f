/** The manifests of deploy/, held to the program, to the Dockerfile and to each other. */
import { globSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Option, Schema } from "effect"
import { parse } from "yaml"
import * as dotEnv from "../src/layers/settings/dotEnv.ts"
import { variables } from "../src/schema/settings/variables.ts"

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), "utf8")
const dockerfile = read("Dockerfile")
const { version } = Schema.decodeUnknownSync(Schema.Struct({ version: Schema.String }))(
  JSON.parse(read("package.json"))
)

const all = (text: string, pattern: RegExp): Array<string> =>
  Array.from(text.matchAll(pattern), (match) => match[1] ?? "")

const known: ReadonlySet<string> = new Set(variables.map(({ name }) => name))

/** The paths that stand in the sources of what is served. */
const served = globSync("src/layers/{*Server.ts,ops/**/*.ts}", {
  cwd: fileURLToPath(new URL("..", import.meta.url))
}).flatMap((file) => all(read(file), /"(\/[a-z]*)"/g))

/** The program stores what it has within this time of SIGTERM. */
const STOP_SECONDS = Number(/STOP_LIMIT_MS = (\d+)/.exec(read("src/layers/Launch.ts"))?.[1]) / 1000

const settingsIn = (file: string): ReadonlyMap<string, string> =>
  new Map(all(read(file), /^([A-Z_]+=.*)$/gm).map((line) => [line.split("=")[0] ?? "", line.replace(/^[^=]*=/, "")]))

const Probe = Schema.Struct({ httpGet: Schema.Struct({ path: Schema.String, port: Schema.String }) })

const Named = Schema.Struct({ name: Schema.String })

const Container = Schema.Struct({
  image: Schema.String,
  envFrom: Schema.Array(Schema.Struct({ configMapRef: Named })),
  ports: Schema.Array(Schema.Struct({ name: Schema.String, containerPort: Schema.Int })),
  startupProbe: Probe,
  livenessProbe: Probe,
  readinessProbe: Probe,
  resources: Schema.Struct({
    requests: Schema.Struct({ cpu: Schema.String, memory: Schema.String }),
    limits: Schema.Struct({ memory: Schema.String })
  }),
  securityContext: Schema.Struct({
    allowPrivilegeEscalation: Schema.Literal(false),
    readOnlyRootFilesystem: Schema.Literal(true),
    capabilities: Schema.Struct({ drop: Schema.Tuple([Schema.Literal("ALL")]) })
  }),
  volumeMounts: Schema.Array(Schema.Struct({ name: Schema.String, mountPath: Schema.String }))
})

const Labels = Schema.Record(Schema.String, Schema.String)

const Deployment = Schema.Struct({
  metadata: Named,
  spec: Schema.Struct({
    replicas: Schema.Literal(1),
    strategy: Schema.Struct({ type: Schema.Literal("Recreate") }),
    selector: Schema.Struct({ matchLabels: Labels }),
    template: Schema.Struct({
      metadata: Schema.Struct({ labels: Labels, annotations: Labels }),
      spec: Schema.Struct({
        terminationGracePeriodSeconds: Schema.Int,
        securityContext: Schema.Struct({
          runAsNonRoot: Schema.Literal(true),
          runAsUser: Schema.Int,
          runAsGroup: Schema.Int,
          fsGroup: Schema.Int,
          seccompProfile: Schema.Struct({ type: Schema.Literal("RuntimeDefault") })
        }),
        containers: Schema.Tuple([Container]),
        volumes: Schema.Array(
          Schema.Struct({
            name: Schema.String,
            persistentVolumeClaim: Schema.optionalKey(Schema.Struct({ claimName: Schema.String })),
            secret: Schema.optionalKey(Schema.Struct({ secretName: Schema.String, optional: Schema.Literal(true) }))
          })
        )
      })
    })
  })
})

const Service = Schema.Struct({
  spec: Schema.Struct({
    selector: Labels,
    publishNotReadyAddresses: Schema.Literal(true),
    ports: Schema.Tuple([Schema.Struct({ name: Schema.String, port: Schema.Int, targetPort: Schema.String })])
  })
})

const Claim = Schema.Struct({
  metadata: Named,
  spec: Schema.Struct({ resources: Schema.Struct({ requests: Schema.Struct({ storage: Schema.String }) }) })
})

const Kustomization = Schema.Struct({
  resources: Schema.Array(Schema.String),
  configMapGenerator: Schema.Tuple([Schema.Struct({ name: Schema.String, envs: Schema.Array(Schema.String) })])
})

const manifest = <S extends Schema.ConstraintDecoder<unknown>>(schema: S, file: string): S["Type"] =>
  Schema.decodeUnknownSync(schema)(parse(read(`deploy/kubernetes/${file}`), { strict: true, uniqueKeys: true }))

describe("the Kubernetes manifests", () => {
  const deployment = manifest(Deployment, "deployment.yaml")
  const claim = manifest(Claim, "persistentvolumeclaim.yaml")
  const service = manifest(Service, "service.yaml")
  const kustomization = manifest(Kustomization, "kustomization.yaml")
  const pod = deployment.spec.template
  const [container] = pod.spec.containers
  const settings = settingsIn("deploy/kubernetes/connector.env")

  it("run the image as the Dockerfile makes it", () => {
    assert.strictEqual(container.image, `binance-kafka-connector:${version}`)
    const { fsGroup, runAsGroup, runAsUser } = pod.spec.securityContext
    assert.deepStrictEqual([`${runAsUser}:${runAsGroup}`], all(dockerfile, /^USER (\S+)$/gm))
    assert.strictEqual(fsGroup, runAsGroup)
    assert.deepStrictEqual(
      container.ports.map(({ containerPort }) => String(containerPort)),
      all(dockerfile, /^EXPOSE (\d+)$/gm)
    )
  })

  it("keep the spool, and it alone, in the claim", () => {
    const [folder] = all(dockerfile, /DATA_DIR=(\S+)/g)
    const volume = pod.spec.volumes.find((one) => one.persistentVolumeClaim !== undefined)
    assert.strictEqual(volume?.persistentVolumeClaim?.claimName, claim.metadata.name)
    assert.strictEqual(container.volumeMounts.find(({ name }) => name === volume?.name)?.mountPath, folder)
    assert.lengthOf(
      pod.spec.volumes.filter((one) => one.persistentVolumeClaim !== undefined),
      1
    )
    assert.sameMembers(
      container.volumeMounts.map(({ name }) => name),
      pod.spec.volumes.map(({ name }) => name)
    )
    const gibibytes = (size: string) => Number(/^(\d+)Gi?B?$/.exec(size.replace("GiB", "Gi"))?.[1])
    assert.isAbove(gibibytes(claim.spec.resources.requests.storage), gibibytes(settings.get("SPOOL_MAX_BYTES") ?? ""))
  })

  it("ask pages that there are, on the port that is served", () => {
    const [port] = container.ports
    for (const [probe, path] of [
      [container.startupProbe, "/healthz"],
      [container.livenessProbe, "/healthz"],
      [container.readinessProbe, "/readyz"]
    ] as const) {
      assert.deepStrictEqual(probe.httpGet, { path, port: port?.name ?? "" })
      assert.include(served, path)
    }
    assert.include(served, pod.metadata.annotations["prometheus.io/path"])
    assert.strictEqual(pod.metadata.annotations["prometheus.io/port"], String(port?.containerPort))
    assert.strictEqual(service.spec.ports[0].targetPort, port?.name)
    assert.isFalse(settings.has("HTTP_PORT"), "the image's default is what the manifests name")
  })

  it("find each other", () => {
    for (const labels of [deployment.spec.selector.matchLabels, service.spec.selector]) {
      for (const [name, value] of Object.entries(labels)) assert.strictEqual(pod.metadata.labels[name], value)
    }
    const [generated] = kustomization.configMapGenerator
    assert.deepStrictEqual(
      container.envFrom.map(({ configMapRef }) => configMapRef.name),
      [generated.name]
    )
    assert.deepStrictEqual(generated.envs, ["connector.env"])
    assert.sameMembers([...kustomization.resources], ["deployment.yaml", "persistentvolumeclaim.yaml", "service.yaml"])
  })

  it("leave it time to store what it has", () => {
    assert.isAtLeast(pod.spec.terminationGracePeriodSeconds, STOP_SECONDS + 3)
  })
})

describe("the systemd unit", () => {
  const unit = read("deploy/systemd/binance-kafka-connector.service")
  const value = (name: string) => Option.fromNullishOr(new RegExp(`^${name}=(.*)$`, "m").exec(unit)?.[1])

  it("runs the command of the package, with the folder that is its own", () => {
    assert.deepStrictEqual(
      value("ExecStart"),
      Option.some("/opt/binance-kafka-connector/bin/binance-kafka-connector run")
    )
    assert.include(unit, "DATA_DIR=%S/binance-kafka-connector\n")
    assert.deepStrictEqual(value("StateDirectory"), Option.some("binance-kafka-connector"))
    assert.deepStrictEqual(value("Restart"), Option.some("on-failure"))
  })

  it("leaves it time to store what it has", () => {
    assert.isAtLeast(
      Option.getOrElse(Option.map(value("TimeoutStopSec"), Number), () => 0),
      STOP_SECONDS + 3
    )
  })
})

describe("the systemd manual", () => {
  it("proves the topics as the service itself would", () => {
    const [command = ""] = all(read("deploy/systemd/README.md"), /```sh\n(sudo systemd-run [^`]*)```/g)
    const unit = read("deploy/systemd/binance-kafka-connector.service")
    const of = (name: string): string => all(unit, new RegExp(`^${name}=(.*)$`, "gm"))[0] ?? ""
    for (const name of ["DynamicUser", "StateDirectory", "StateDirectoryMode", "EnvironmentFile"]) {
      assert.isNotEmpty(of(name))
      assert.include(command, `--property=${name}=${of(name)} `.trimEnd())
    }
    // A dynamic user is called as its unit; %S is /var/lib.
    assert.include(command, "--property=User=binance-kafka-connector ")
    assert.include(command, `--setenv=DATA_DIR=/var/lib/${of("StateDirectory")} `)
    assert.include(command, of("ExecStart").replace(/run$/, "verify"))
  })
})

describe("the settings that deploy/ names", () => {
  const files = [
    "kubernetes/connector.env",
    "kubernetes/README.md",
    "systemd/connector.env",
    "systemd/binance-kafka-connector.service",
    "systemd/README.md"
  ].map((file) => `deploy/${file}`)

  it.each(files)("are known to the program: %s", (file) => {
    const named = all(read(file), /\b([A-Z]{2,}_[A-Z_]+)\b/g).filter(
      // Linux's and systemd's own.
      (name) => name !== "NODE_ENV" && name !== "CREDENTIALS_DIRECTORY" && !name.startsWith("AF_")
    )
    assert.isNotEmpty(named)
    for (const name of named) assert.isTrue(known.has(name), name)
  })

  it.each(files.filter((file) => file.endsWith(".env")))("have no secrets among them: %s", (file) => {
    assert.notMatch(read(file), /PASSWORD=|SECRET|TOKEN/)
    assert.strictEqual(dotEnv.parse(read(file))._tag, "Success")
  })
})
