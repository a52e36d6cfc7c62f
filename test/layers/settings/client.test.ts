import { assert, describe, it } from "@effect/vitest"
import { client } from "../../../src/layers/settings/client.ts"
import { Reading } from "../../../src/layers/settings/Reading.ts"

const read = (name: string, node: string) => {
  const reading = new Reading({ KAFKA_CLIENT: name })
  return { client: client(reading, node), faults: reading.faults }
}

describe("KAFKA_CLIENT", () => {
  it.each(["22.22.0", "22.23.1", "24.6.0", "24.21.0", "25.0.0"])("may be platformatic on Node %s", (node) => {
    assert.deepStrictEqual(read("platformatic", node), { client: "platformatic", faults: [] })
  })

  it.each(["22.19.0", "22.21.9", "23.11.1", "24.5.0"])("may be kafkajs alone on Node %s", (node) => {
    assert.deepStrictEqual(read("kafkajs", node).faults, [])
    const [fault = "", ...others] = read("platformatic", node).faults
    assert.lengthOf(others, 0)
    assert.match(fault, /^KAFKA_CLIENT=platformatic: .*22\.22.*24\.6/)
    assert.include(fault, `this is Node ${node}`)
  })
})
