/** All of it, in the order of a run. */
import type { Cell } from "./Cell.ts"
import { drift } from "./drift.ts"
import { flood, pipeline } from "./flood.ts"
import { gaps } from "./gaps.ts"
import { idle } from "./idle.ts"
import { outage } from "./outage.ts"
import { processes } from "./processes.ts"
import { acks, compression } from "./settings.ts"
import { start } from "./start.ts"
import { rates, sustained } from "./steady.ts"
import { streams } from "./streams.ts"

export const cells: ReadonlyArray<Cell> = [
  flood,
  pipeline,
  ...rates,
  sustained,
  streams,
  acks,
  compression,
  gaps,
  start,
  idle,
  outage,
  drift,
  processes
]
