import { assert, describe, it } from "@effect/vitest"
import { check, prepare } from "../../../src/layers/kafkajs/prepare.ts"

describe("prepare", () => {
  it("takes the kafkajs that is installed, again and again", () => {
    prepare()
    prepare()
  })

  it("stops at any other: its insides may differ", () => {
    for (const version of ["2.2.3", "2.3.0", undefined]) {
      assert.throws(() => check(version), `kafkajs 2.2.4 is needed, ${version} is installed`)
    }
  })
})
