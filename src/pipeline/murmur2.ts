/** Kafka's default partitioner (the Java client's murmur2): whatever writes a key, it lands in the same partition. */

const SEED = 0x9747b28c
const M = 0x5bd1e995

export const murmur2 = (data: Uint8Array): number => {
  const { length } = data
  let h = SEED ^ length
  const words = length >> 2
  const view = new DataView(data.buffer, data.byteOffset, length)
  for (let i = 0; i < words; i++) {
    let k = Math.imul(view.getInt32(i * 4, true), M)
    k = Math.imul(k ^ (k >>> 24), M)
    h = Math.imul(h, M) ^ k
  }
  const tail = words * 4
  const rest = length & 3
  if (rest >= 3) h ^= (data[tail + 2] ?? 0) << 16
  if (rest >= 2) h ^= (data[tail + 1] ?? 0) << 8
  if (rest >= 1) h = Math.imul(h ^ (data[tail] ?? 0), M)
  h = Math.imul(h ^ (h >>> 13), M)
  return h ^ (h >>> 15)
}

export const partitionOf = (key: string, partitions: number): number =>
  (murmur2(Buffer.from(key)) & 0x7fffffff) % partitions

/** Beyond so many keys it begins anew: dead letters may have any. */
const MOST_KEYS = 20_000

/** The same for a topic's records, of which few have a new key. */
export const partitioner = (partitions: number): ((key: string) => number) => {
  const known = new Map<string, number>()
  return (key) => {
    const found = known.get(key)
    if (found !== undefined) return found
    if (known.size >= MOST_KEYS) known.clear()
    const partition = partitionOf(key, partitions)
    known.set(key, partition)
    return partition
  }
}
