/** Folders that the program makes for itself. */
import { mkdirSync, statSync } from "node:fs"
import { dirname } from "node:path"

/** With its parents. Node's own recursion never ends where a parent is there and yet takes no folder (`/proc`). */
export const makeFolder = (folder: string): void => {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return
  const parent = dirname(folder)
  if (parent !== folder) makeFolder(parent)
  mkdirSync(folder)
}
