import { assert, describe, it } from "@effect/vitest"
import { newest } from "../../../src/layers/platformatic/versions.ts"

const forms = [12, 8, 4].map((version) => ({ api: { key: 3, version } }))

const chosen = (minVersion: number, maxVersion: number) =>
  newest(forms, new Map([[3, { minVersion, maxVersion }]])).api.version

describe("newest", () => {
  it("takes the newest form that the broker knows", () => {
    assert.deepStrictEqual(
      [chosen(0, 13), chosen(0, 12), chosen(0, 11), chosen(4, 7), chosen(12, 20)],
      [12, 12, 8, 4, 12]
    )
  })

  it("refuses a broker that knows none, or not even the request", () => {
    assert.throws(() => chosen(13, 20), /request 3/)
    assert.throws(() => chosen(0, 3), /request 3/)
    assert.throws(() => newest(forms, new Map()), /request 3/)
  })
})
