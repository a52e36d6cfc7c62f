/** A flood under other settings of Kafka. */
import { bareKafkajsSerial, barePlatformaticSerial, connectorGroup, connectors } from "../contestants/index.ts"
import type { Acks, Compression } from "../contestants/job.ts"
import type { Cell } from "./Cell.ts"
import { floodOnce } from "./flood.ts"

const ACKS: ReadonlyArray<Acks> = ["1", "all"]
const CODECS: ReadonlyArray<Compression> = ["none", "snappy", "gzip", "lz4", "zstd"]

export const acks: Cell = {
  name: "acks",
  about: "a flood with KAFKA_ACKS 1 and all (one broker), and in a group, where each shard is fenced",
  rounds: () => 1,
  cases: (size) =>
    ACKS.flatMap((acks) =>
      [...connectors, ...(acks === "all" ? [connectorGroup] : []), bareKafkajsSerial, barePlatformaticSerial].map(
        (contestant) => ({
          variant: `acks ${acks}`,
          contestant,
          run: (lab) => floodOnce(lab, { contestant, acks }, size)
        })
      )
    )
}

export const compression: Cell = {
  name: "compression",
  about: "a flood with each codec",
  rounds: () => 1,
  cases: (size) =>
    CODECS.flatMap((codec) =>
      connectors.map((contestant) => ({
        variant: codec,
        contestant,
        run: (lab) => floodOnce(lab, { contestant, compression: codec }, size)
      }))
    )
}
