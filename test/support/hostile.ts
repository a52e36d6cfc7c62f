/** Frames that no exchange would send, from a seed: each one must become a dead letter, and none may do more harm. */

/** A small generator of its own, so that a failing seed can be run again anywhere (mulberry32). */
export const seeded = (seed: number) => {
  let state = seed >>> 0
  return (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const STREAM = "btcusdt@trade"
const ROWS = "!miniTicker@arr"
/** What must be subscribed to for all of these to be what they are meant to be. */
export const hostileStreams = [STREAM, ROWS] as const
const fields = { e: "trade", E: 1, s: "BTCUSDT", t: 1, p: "1.0", q: "1.0", T: 1, m: true }

const row = { e: "24hrMiniTicker", E: 1, s: "ETHUSDT", c: "1", o: "1", h: "1", l: "1", v: "1", q: "1" }

const combined = (data: string, stream = STREAM): string => `{"stream":${JSON.stringify(stream)},"data":${data}}`
export const goodFrame = (t: number): string => combined(JSON.stringify({ ...fields, t }))

const MEGABYTE = 1024 * 1024

export const hostileFrames = (seed: number) => {
  const random = seeded(seed)
  const int = (below: number): number => Math.floor(random() * below)
  const pick = <A>(values: ReadonlyArray<A>): A => values[int(values.length)]!
  const wrong = (): unknown =>
    pick<() => unknown>([
      () => null,
      () => int(1000) + 0.5,
      () => -int(1000) - 1,
      () => "abc",
      () => "",
      () => [],
      () => ({}),
      () => "1e5",
      () => 2 ** 53 + int(1000),
      () => "NaN"
    ])()

  const makers: ReadonlyArray<() => Uint8Array | string> = [
    // Broken UTF-8 in an otherwise good frame.
    () => {
      const bytes = Buffer.from(goodFrame(int(1e9)))
      bytes[12 + int(bytes.length - 13)] = pick([0xff, 0xfe, 0xc0, 0x80])
      return bytes
    },
    // Cut off anywhere.
    () => {
      const text = goodFrame(int(1e9))
      return text.slice(0, int(text.length))
    },
    // One field of a wrong type, or none at all.
    () => combined(JSON.stringify({ ...fields, [pick(Object.keys(fields))]: wrong() })),
    () => {
      const { [pick(Object.keys(fields)) as keyof typeof fields]: _, ...rest } = fields
      return combined(JSON.stringify(rest))
    },
    // Depth.
    () => {
      const depth = 1 + int(5000)
      return combined("[".repeat(depth) + "]".repeat(depth))
    },
    () => combined('{"a":'.repeat(int(2000)) + "1" + "}".repeat(int(2000))),
    // Names that mean something to JavaScript.
    () => combined(`{"__proto__":${JSON.stringify(fields)}}`),
    () => combined(JSON.stringify({ ...fields, s: pick(["__proto__", "constructor", "toString", "ETHUSDT"]) })),
    () => combined(JSON.stringify(fields), pick(["__proto__", "constructor", "", "ethusdt@trade", "BTCUSDT@trade"])),
    // Not a message of the combined form at all.
    () => JSON.stringify(pick<unknown>([null, true, 0, "text", [], [1], {}, fields, { stream: 1, data: fields }])),
    () => Uint8Array.from({ length: int(200) }, () => int(256)),
    () => `${goodFrame(1)}${goodFrame(2)}`,
    () => `\ufeff${goodFrame(1)}`
  ]
  const long = "x".repeat(MEGABYTE)
  const rows = (row: object): string => combined(JSON.stringify([row]), ROWS)
  /** Beginning with the payload, so that the frame is read the slow way. */
  const reversed = (stream: string): string => `{"data":${JSON.stringify(fields)},"stream":${JSON.stringify(stream)}}`
  const hugeMakers: ReadonlyArray<() => Uint8Array | string> = [
    () => combined(JSON.stringify(long)),
    () => "[".repeat(MEGABYTE),
    () => Buffer.alloc(MEGABYTE),
    // A text of each kind that ends up in a dead letter's key or headers.
    () => combined(JSON.stringify(fields), `${long}@trade`),
    () => combined(JSON.stringify(fields), "币".repeat(MEGABYTE / 4)),
    () => reversed(long),
    () => combined(JSON.stringify({ ...fields, s: long })),
    () => combined(JSON.stringify({ ...fields, p: long })),
    () => rows({ ...row, s: long }),
    () => rows({ ...row, e: long })
  ]
  let huge = 0
  return {
    next: (): Uint8Array | string => pick(makers)(),
    /** One kind after the other. */
    huge: (): Uint8Array | string => hugeMakers[huge++ % hugeMakers.length]!()
  }
}
