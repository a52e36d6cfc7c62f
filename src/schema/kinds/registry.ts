/** Every stream kind the program knows. Adding one is its file and its line here. */
import type { StreamKind } from "../StreamKind.ts"
import { trade } from "./trade.ts"

export const streamKinds: ReadonlyArray<StreamKind> = [trade]
