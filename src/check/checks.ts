/** All that `check` looks at, as far as the settings need it. */
import type { Settings } from "../schema/Settings.ts"
import type { Check } from "./Check.ts"
import { disk } from "./disk.ts"
import { dns } from "./dns.ts"
import { rest, socket } from "./exchange.ts"
import { http } from "./http.ts"
import { kafka } from "./kafka.ts"
import { replay } from "./replay.ts"

export const checksFor = (settings: Settings): ReadonlyArray<Check> => {
  const { feed, http: served, sink, spool } = settings
  const keepsOnDisk = sink === "local" || (sink === "kafka" && spool.mode !== "off")
  return [
    dns(settings),
    ...(feed === "binance" ? [socket(settings), rest(settings)] : [replay(settings)]),
    ...(sink === "kafka" ? [kafka(settings)] : []),
    ...(keepsOnDisk ? [disk(settings)] : []),
    ...(served.port === 0 ? [] : [http(settings)])
  ]
}
