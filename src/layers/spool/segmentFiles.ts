/** The files of a spool, as earlier processes left them. */
import { readdir, stat } from "node:fs/promises"
import { join } from "node:path"
import { readFrom } from "./files.ts"
import * as headFile from "./head.ts"
import * as Segment from "./Segment.ts"

/** Named by the number of its first record. */
export interface SegmentFile {
  readonly first: number
  readonly path: string
  size: number
}

const NAME = /^(\d{16})\.seg$/
export const nameOf = (first: number): string => `${String(first).padStart(16, "0")}.seg`

interface Found {
  readonly segments: Array<SegmentFile>
  readonly head: number
  readonly end: number
}

/** The number to go on with: behind the last record that is intact, and the damaged ones after it. */
const endOf = async ({ first, path, size }: SegmentFile): Promise<number> => {
  const bytes = await readFrom(path, 0, size)
  let last: Segment.Frame | undefined
  for (let frame = Segment.next(bytes, 0); frame !== undefined; frame = Segment.next(bytes, frame.end)) last = frame
  const behind = last === undefined ? first : last.number + 1
  return behind + Segment.countFrom(bytes, last?.end ?? Segment.HEADER.length)
}

/** What earlier processes left. */
export const find = async (folder: string): Promise<Found> => {
  const segments: Array<SegmentFile> = []
  for (const name of (await readdir(folder)).toSorted()) {
    const first = NAME.exec(name)?.[1]
    if (first === undefined) continue
    const path = join(folder, name)
    segments.push({ first: Number(first), path, size: (await stat(path)).size })
  }
  const head = Math.max(await headFile.read(join(folder, "head")), segments[0]?.first ?? 1)
  for (const { path } of segments) {
    if (Segment.isForeign(await readFrom(path, 0, Segment.HEADER.length))) {
      throw new Error(`${path} was written by a newer version of this program`)
    }
  }
  const newest = segments.at(-1)
  return { segments, head, end: newest === undefined ? head : Math.max(head, await endOf(newest)) }
}
