/** The program compiles its schemas (`SchemaJITCompiler`); every other test runs them interpreted. */
import { assert, expect, it, vi } from "@effect/vitest"
import type { StreamKind } from "../../../src/schema/StreamKind.ts"
import { get, hostile, mandatory, outcome, put, taught } from "./samples.ts"

const outcomes = (kinds: ReadonlyArray<StreamKind>) =>
  kinds.flatMap((kind) => {
    const payload = taught(kind.name)
    const payloads: ReadonlyArray<unknown> = [
      payload,
      { ...payload, unknown: {} },
      put(payload, ["k", "x"], true),
      null,
      "text",
      [],
      [payload],
      ...mandatory(payload).flatMap((path) =>
        [undefined, -1, 0, get(payload, path), ...hostile].map((value) => put(payload, path, value))
      )
    ]
    return payloads.map((payload) => outcome(kind, payload))
  })

it("decodes the same compiled as interpreted", async () => {
  const interpreted = await import("../../../src/schema/kinds/registry.ts")
  const expected = outcomes(interpreted.streamKinds)

  const compilations = vi.spyOn(globalThis, "Function")
  vi.resetModules()
  await import("effect/schema/SchemaJITCompiler/enable")
  const compiled = await import("../../../src/schema/kinds/registry.ts")
  assert.notStrictEqual(compiled.streamKinds, interpreted.streamKinds)

  expect(outcomes(compiled.streamKinds)).toStrictEqual(expected)
  assert.isAtLeast(compilations.mock.calls.length, compiled.streamKinds.length)
})
