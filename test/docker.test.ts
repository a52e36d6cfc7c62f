/** The Docker files and DOCKER.md, held to the program and to each other. As text: there is no Docker where tests run. */
import { execFile } from "node:child_process"
import { existsSync, globSync, readFileSync } from "node:fs"
import { createServer } from "node:http"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Telemetry from "../src/services/Telemetry.ts"

const read = (file: string) => readFileSync(new URL(`../${file}`, import.meta.url), "utf8")
const dockerfile = read("Dockerfile")
const lastStage = dockerfile.slice(dockerfile.lastIndexOf("\nFROM "))
const kraft = read("docker-compose.yml")
const zookeeper = read("docker-compose.zookeeper.yml")
const manual = read("DOCKER.md")
const manifest = Schema.decodeUnknownSync(
  Schema.Struct({ version: Schema.String, engines: Schema.Struct({ node: Schema.String }) })
)(JSON.parse(read("package.json")))

const all = (text: string, pattern: RegExp): Array<string> =>
  Array.from(text.matchAll(pattern), (match) => match[1] ?? "")

/** The services of a Compose file, each with its lines. */
const servicesOf = (compose: string): ReadonlyMap<string, string> => {
  const section = /^services:\n([\s\S]*?)^(?=\S)/m.exec(compose)?.[1] ?? ""
  const parts = section.split(/^ {2}([\w-]+):\n/m).slice(1)
  return new Map(parts.flatMap((name, at) => (at % 2 === 0 ? [[name, parts[at + 1] ?? ""] as const] : [])))
}

/** The words of an instruction in its exec form. */
const exec = (instruction: RegExp): ReadonlyArray<string> =>
  Schema.decodeUnknownSync(Schema.Array(Schema.String))(JSON.parse(instruction.exec(lastStage)?.[1] ?? "null"))

describe("Dockerfile", () => {
  it("runs Node itself as a user who is not root", () => {
    assert.deepStrictEqual(exec(/^ENTRYPOINT (.*)$/m), ["node", "dist/Main.js"])
    assert.match(lastStage, /^USER [1-9]\d*:[1-9]\d*$/m)
    assert.notMatch(lastStage, /^CMD /m)
  })

  it("ships what the build made and production dependencies, on a Node that the package allows", () => {
    assert.match(dockerfile, /AS dependencies\n[^]*npm ci --omit=dev/)
    assert.include(lastStage, "COPY --from=dependencies /app/node_modules")
    const [lowest = "0"] = all(manifest.engines.node, />=(\d+)/g)
    for (const major of all(dockerfile, /^FROM node:(\d+)-/gm)) assert.isAtLeast(Number(major), Number(lowest))
  })

  it("copies what exists and what .dockerignore lets through", () => {
    const allowed = all(read(".dockerignore"), /^!(.+)$/gm)
    const copied = all(dockerfile, /^COPY (?!--from)(.*) \S+$/gm).flatMap((files) => files.split(" "))
    assert.isNotEmpty(copied)
    for (const file of copied) {
      assert.include(allowed, file)
      assert.isTrue(existsSync(new URL(`../${file}`, import.meta.url)), file)
    }
  })

  /** Runs the health check against a server that answers with `status`, or as if the endpoint were off. */
  const healthCheck = (status: number | "off") =>
    Effect.callback<number>((resume) => {
      const [, , script = "process.exit(99)"] = exec(/^HEALTHCHECK [^]*?CMD (\[.*\])$/m)
      const server = createServer((request, response) => {
        response.statusCode = request.url === "/healthz" ? Number(status) : 404
        response.end()
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" ? address?.port : undefined
        execFile(
          process.execPath,
          ["-e", script],
          { env: { HTTP_PORT: status === "off" ? "0" : `${port}` } },
          (error) => {
            server.close()
            resume(Effect.succeed(error === null ? 0 : Number(error.code)))
          }
        )
      })
    })

  it.live("is healthy exactly while /healthz answers well, or is turned off", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* healthCheck(200), 0)
      assert.strictEqual(yield* healthCheck(503), 1)
      assert.strictEqual(yield* healthCheck("off"), 0)
    })
  )
})

describe("the Compose files", () => {
  it("publish the documented ports, on the loopback address only", () => {
    const portsOf = (compose: string) => all(compose, /^ {6}- "(127\.0\.0\.1:.*)"$/gm)
    const published = all(kraft, /^ {6}- "(\S+:\d+)"$/gm)
    assert.deepStrictEqual(published, portsOf(kraft))
    assert.deepStrictEqual(
      portsOf(kraft).map((port) => port.split(":").at(-1)),
      ["9092", "9093", "16686", "4318", "8080", "9090", "3000"]
    )
    assert.deepStrictEqual(
      portsOf(zookeeper).map((port) => port.split(":").at(-1)),
      ["2181", "9092", "9093"]
    )
    for (const port of ["9092", "9093", "16686", "4318", "8080", "9090", "3000", "2181"])
      assert.include(manual, `localhost:${port}`)
  })

  it("start the connector after a healthy Kafka and Jaeger, with full acknowledgement and time to flush", () => {
    const services = servicesOf(kraft)
    assert.deepStrictEqual([...services.keys()], ["kafka", "jaeger", "binance-connector", "prometheus", "grafana"])
    const connector = services.get("binance-connector") ?? ""
    for (const name of ["kafka", "jaeger"]) {
      assert.include(connector, `      ${name}:\n        condition: service_healthy\n`)
    }
    assert.include(connector, "KAFKA_BOOTSTRAP_SERVERS: kafka:29092\n")
    assert.include(connector, "KAFKA_ACKS: ${KAFKA_ACKS:-all}\n")
    assert.include(connector, "stop_grace_period: 15s\n")
    assert.match(
      servicesOf(zookeeper).get("kafka") ?? "",
      /depends_on:\n {6}zookeeper:\n {8}condition: service_healthy\n/
    )
  })

  it("check the health of every service, restart it, and pin its image", () => {
    for (const compose of [kraft, zookeeper]) {
      for (const [name, service] of servicesOf(compose)) {
        if (/^ {4}extends:\n {6}file: docker-compose.yml\n/m.test(service)) continue
        assert.match(service, /^ {4}healthcheck:$/m, name)
        assert.match(service, /^ {4}restart: unless-stopped$/m, name)
        assert.match(service, /^ {4}image: \S+:v?\d+\.\d+\.\d+$/m, name)
      }
    }
  })

  it("mount only files that exist", () => {
    const mounted = all(kraft, /^ {6}- \.\/(\S+):\/\S+:ro$/gm)
    assert.isNotEmpty(mounted)
    for (const path of mounted) assert.isTrue(existsSync(new URL(`../${path}`, import.meta.url)), path)
    assert.notMatch(kraft, /^ {6}- \.\/\S+(?<!:ro)$/m)
  })

  it("advertise each of Kafka's listeners where its clients are", () => {
    for (const compose of [kraft, zookeeper]) {
      const kafka = servicesOf(compose).get("kafka") ?? ""
      assert.include(
        kafka,
        "KAFKA_ADVERTISED_LISTENERS: INTERNAL://kafka:29092,HOST://localhost:9092,HOST2://localhost:9093\n"
      )
    }
  })
})

describe("the settings that the Docker files name", () => {
  /** What stands in the sources as a name by itself: a literal or a property. */
  const sources = globSync("src/**/*.ts", { cwd: fileURLToPath(new URL("..", import.meta.url)) }).map(read)
  const declared = new Set(sources.flatMap((source) => all(source, /(?:"|^\s+)([A-Z][A-Z_]+)(?:"|:)/gm)))

  it("are known to the program", () => {
    const connector = servicesOf(kraft).get("binance-connector") ?? ""
    const passed = all(connector, /^ {6}([A-Z_]+):/gm).filter((name) => !name.endsWith("_PROXY"))
    const told = all(
      manual.replaceAll("KAFKA_ADVERTISED_LISTENERS", ""),
      /\b((?:BATCH|BINANCE|DATA|HTTP|KAFKA|LOG|OTEL|SPOOL|TOPIC)_(?!PROXY)[A-Z_]+)/g
    )
    const set = all(lastStage, /^(?:ENV| {3}) ([A-Z]+_[A-Z_]+)=/gm).filter((name) => name !== "NODE_ENV")
    assert.isAbove(passed.length, 20)
    assert.isAbove(told.length, 20)
    assert.deepStrictEqual(set, ["HTTP_HOST", "DATA_DIR"])
    assert.deepStrictEqual(
      [...new Set([...passed, ...told, ...set])].filter((name) => !declared.has(name)),
      []
    )
  })
})

describe("DOCKER.md", () => {
  it("names the images and the version that the files name", () => {
    for (const image of all(kraft, /^ {4}image: (\S+)$/gm)) assert.include(manual, image)
    assert.include(kraft, `image: binance-kafka-connector:${manifest.version}\n`)
    assert.include(lastStage, `image.version="${manifest.version}"`)
  })

  it("names metrics that exist", () => {
    const known: ReadonlyArray<string> = Object.values(Telemetry).map((metric) => metric.id)
    const named = new Set(all(manual, /(binance_kafka_\w+)/g))
    assert.isNotEmpty(named)
    for (const name of named) assert.include(known, name)
  })
})
