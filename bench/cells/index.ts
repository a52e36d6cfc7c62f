import type { Cell } from "./Cell.ts"
import { flood } from "./flood.ts"

export const cells: ReadonlyArray<Cell> = [flood]
