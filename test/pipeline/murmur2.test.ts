import { assert, describe, it } from "@effect/vitest"
import kafkajs from "kafkajs"
import { murmur2, partitioner, partitionOf } from "../../src/pipeline/murmur2.ts"

/** Keys of every length modulo four, of bytes above 127 too. */
const keys = Array.from({ length: 200 }, (_, n) => {
  const alphabets = ["BTCUSDT", "币安人生", "Łódź-ŻÓŁĆ", "1000000مرحبا", "🚀"]
  return `${(alphabets[n % alphabets.length] ?? "").slice(0, 1 + (n % 7))}${n * 7919}`
})

describe("murmur2", () => {
  it("gives what the Java client's own test expects", () => {
    const expected: ReadonlyArray<readonly [string, number]> = [
      ["21", -973932308],
      ["foobar", -790332482],
      ["a-little-bit-long-string", -985981536],
      ["a-little-bit-longer-string", -1486304829],
      ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
      ["abc", 479470107]
    ]
    for (const [text, hash] of expected) assert.strictEqual(murmur2(Buffer.from(text)), hash, text)
  })

  it("reads a view into a larger buffer", () => {
    const buffer = Buffer.from("xxxfoobaryyy")
    assert.strictEqual(murmur2(buffer.subarray(3, 9)), murmur2(Buffer.from("foobar")))
  })

  it("puts every key where kafkajs's partitioner puts it", () => {
    const partition = kafkajs.Partitioners.DefaultPartitioner()
    for (const count of [1, 3, 6, 12]) {
      const partitionMetadata = Array.from({ length: count }, (_, partitionId) => ({
        partitionErrorCode: 0,
        partitionId,
        leader: 1,
        replicas: [1],
        isr: [1]
      }))
      for (const key of keys) {
        const expected = partition({ topic: "t", partitionMetadata, message: { key, value: null } })
        assert.strictEqual(partitionOf(key, count), expected, key)
      }
    }
  })

  it("uses every partition", () => {
    assert.strictEqual(new Set(keys.map((key) => partitionOf(key, 6))).size, 6)
  })

  it("is remembered, also beyond what is remembered", () => {
    const place = partitioner(7)
    for (let n = 0; n < 25_000; n++) place(`some ${n}`)
    for (const key of [...keys, ...keys]) assert.strictEqual(place(key), partitionOf(key, 7))
  })
})
