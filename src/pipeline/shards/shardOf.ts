/** Which shard a stream belongs to: that of its symbol, so that all streams of a symbol are in one place. */
import type { StreamName } from "../../schema/StreamName.ts"
import { partitionOf } from "../murmur2.ts"

/** A stream of every symbol goes by its own name. */
export const shardOf = ({ name, symbol }: Pick<StreamName, "name" | "symbol">, shards: number): number =>
  partitionOf(symbol ?? name, shards)

export const streamsOf = <Stream extends Pick<StreamName, "name" | "symbol">>(
  streams: ReadonlyArray<Stream>,
  shard: number,
  shards: number
): ReadonlyArray<Stream> => streams.filter((stream) => shardOf(stream, shards) === shard)
