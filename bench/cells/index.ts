import type { Cell } from "./Cell.ts"
import { flood, pipeline } from "./flood.ts"
import { rates } from "./steady.ts"

export const cells: ReadonlyArray<Cell> = [flood, pipeline, ...rates]
