/** Recordings whose name ends in `.zst` are compressed by what Node has itself; some versions do not have it. */
import process from "node:process"
// The default import: a Node without zstd can still load the module and say which Node is needed.
import zlib from "node:zlib"

export const isZstd = (file: string): boolean => file.endsWith(".zst")

const MISSING = `${process.release.name === "node" ? "Node" : process.release.name} ${process.versions.node} has no zstd: it takes Node 22.15, 23.8 or later, or a file that does not end in .zst`

/** What is missing here for such a file, if anything is. */
export const problemWith = (file: string): string | undefined =>
  isZstd(file) && typeof zlib.createZstdCompress !== "function" ? MISSING : undefined
