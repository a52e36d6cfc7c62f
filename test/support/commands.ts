/** Commands of the program as a user types them, with the settings and files that they find. */
import { Effect } from "effect"
import * as Program from "./program.ts"

type Settings = Readonly<Record<string, string>>

export const start = (args: ReadonlyArray<string>, settings: Settings = {}, files: Settings = {}) =>
  Program.start({ HTTP_PORT: "0", ...settings }, files, undefined, args)

export const command = (args: ReadonlyArray<string>, settings: Settings = {}, files: Settings = {}) =>
  Effect.flatMap(start(args, settings, files), ({ ended }) => ended)

export const linesOf = (text: string) => text.split("\n").filter((line) => line !== "")
