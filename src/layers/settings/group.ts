/** The group that this process is in, if any; and what has to be otherwise where there is one. */
import { Option } from "effect"
import { binance } from "../../schema/settings/binance.ts"
import { group } from "../../schema/settings/group.ts"
import { kafka } from "../../schema/settings/kafka.ts"
import { program } from "../../schema/settings/program.ts"
import type { Acks, GroupSettings, SpoolMode } from "../../schema/Settings.ts"
import type { Reading } from "./Reading.ts"

const SHARED = "with GROUP_ID"

export const groupSettings = (read: Reading): Option.Option<GroupSettings> => {
  const id = read.get(group.id)
  const shards = read.get(group.shards)
  const sessionTimeout = read.get(group.session)
  if (Option.isNone(id)) return Option.none()
  if (read.get(program.sink) !== "kafka") {
    read.refuse(program.sink, { instead: `${SHARED} records go to Kafka, which shuts out whoever has lost a shard` })
  }
  if (read.get(binance.feed) !== "binance") {
    read.refuse(binance.feed, { instead: `${SHARED} the streams are shared: a recording is one` })
  }
  return Option.some({ id: id.value, shards, sessionTimeout })
}

/** Numbered batches are what the broker tells two writers from each other by. */
export const acksOf = (read: Reading, isGroup: boolean): Acks => {
  const acks = read.get(kafka.acks)
  if (!isGroup || acks === "all") return acks
  if (read.isSet(kafka.acks)) read.refuse(kafka.acks, { instead: `${SHARED} it has to be all` })
  read.shown[kafka.acks.name] = "all"
  return "all"
}

/** What waits on one machine's disk may be another's to write by the time it could go. */
export const spoolModeOf = (read: Reading, isGroup: boolean): SpoolMode => {
  const mode = read.get(program.spool)
  if (!isGroup || mode === "off") return mode
  if (read.isSet(program.spool)) {
    read.refuse(program.spool, {
      instead: `${SHARED} it has to be off: another process takes over, and fetches what was missed`
    })
  }
  read.shown[program.spool.name] = "off"
  return "off"
}
