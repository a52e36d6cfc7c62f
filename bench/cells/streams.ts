/** From one stream to three thousand, on one to three connections; the same number of messages in all of them. */
import { bareKafkajs, connectors } from "../contestants/index.ts"
import type { Setup } from "../Trial.ts"
import type { Cell } from "./Cell.ts"
import { steadyOnce } from "./steady.ts"

const RATE = 5000

interface Variant extends Pick<Setup, "streams" | "lines"> {
  readonly name: string
  /** With a bare script beside the connector. */
  readonly isCompared?: boolean
}

const VARIANTS: ReadonlyArray<Variant> = [
  { name: "1 stream", streams: 1, isCompared: true },
  { name: "24 streams", streams: 24, isCompared: true },
  { name: "24 streams on two lines", streams: 24, lines: 2 },
  { name: "300 streams", streams: 300 },
  { name: "1,000 streams", streams: 1000 },
  { name: "2,000 streams, two connections", streams: 2000 },
  { name: "3,000 streams, three connections", streams: 3000, isCompared: true }
]

export const streams: Cell = {
  name: "streams",
  about: `1 to 3,000 streams and 1 to 3 connections at ${RATE} messages a second; a bare script has one connection`,
  rounds: () => 1,
  cases: () =>
    VARIANTS.flatMap(({ isCompared = false, name, ...setup }) =>
      [...connectors, ...(isCompared ? [bareKafkajs] : [])].map((contestant) => ({
        variant: name,
        contestant,
        run: (lab) => steadyOnce(lab, { contestant, ...setup }, RATE, 5000)
      }))
    )
}
