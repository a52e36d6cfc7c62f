/** The overlay for several pods that share the streams, held to what it is laid over and to the program. */
import { existsSync, readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Schema } from "effect"
import { parse } from "yaml"
import { settingsFrom } from "../support/settingsFrom.ts"

const read = (file: string) => readFileSync(new URL(`../../deploy/${file}`, import.meta.url), "utf8")
const yaml = <S extends Schema.ConstraintDecoder<unknown>>(schema: S, file: string): S["Type"] =>
  Schema.decodeUnknownSync(schema)(parse(read(file), { strict: true, uniqueKeys: true }))

const Named = Schema.Struct({ metadata: Schema.Struct({ name: Schema.String }) })
const Patch = Schema.Struct({
  metadata: Schema.Struct({ name: Schema.String }),
  spec: Schema.Struct({
    replicas: Schema.Int.check(Schema.isGreaterThan(1)),
    strategy: Schema.Struct({
      type: Schema.Literal("RollingUpdate"),
      rollingUpdate: Schema.Struct({ maxUnavailable: Schema.Literal(0), maxSurge: Schema.Int })
    })
  })
})
const Kustomization = Schema.Struct({
  resources: Schema.Array(Schema.String),
  configMapGenerator: Schema.Tuple([
    Schema.Struct({ name: Schema.String, behavior: Schema.Literal("replace"), envs: Schema.Array(Schema.String) })
  ])
})

describe("the Kubernetes manifests of a group", () => {
  it("patch the Deployment that there is", () => {
    const patch = yaml(Patch, "kubernetes-group/deployment.yaml")
    assert.strictEqual(patch.metadata.name, yaml(Named, "kubernetes/deployment.yaml").metadata.name)
    const { configMapGenerator, resources } = yaml(Kustomization, "kubernetes-group/kustomization.yaml")
    for (const path of resources) {
      assert.isTrue(existsSync(new URL(`../../deploy/kubernetes-group/${path}/kustomization.yaml`, import.meta.url)))
    }
    assert.strictEqual(configMapGenerator[0].name, patch.metadata.name)
  })

  it.effect("have settings that the program takes, as a group's", () =>
    Effect.gen(function* () {
      const lines = read("kubernetes-group/connector.env").matchAll(/^([A-Z_]+)=(.*)$/gm)
      const written = Object.fromEntries(Array.from(lines, ([, name = "", value = ""]) => [name, value]))
      const { group, notices } = yield* settingsFrom(written)
      assert.deepStrictEqual(notices, [])
      const patch = yaml(Patch, "kubernetes-group/deployment.yaml")
      assert.isAtLeast(Option.getOrThrow(group).shards, patch.spec.replicas)
    })
  )
})
