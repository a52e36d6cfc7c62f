/**
 * Recorded frames in place of the market: an NDJSON file of combined frames, of which each connection gets those of its
 * streams, in file order and byte for byte, from its first subscription on.
 */
import { readFileSync } from "node:fs"
import type { Connection } from "./Connection.ts"
import { Frame } from "./Frame.ts"

export interface RecordingOptions {
  readonly file: string
  /** Frames of the file a second; as fast as the socket drains if it is left out. */
  readonly perSecond?: number
}

interface RecordedFrame {
  readonly stream: string
  readonly combined: Frame
  readonly raw: Frame
}

/** How much may wait for a connection before the rest of the file does. */
const AHEAD_BYTES = 1024 * 1024

const parseLine = (line: string, number: number): RecordedFrame => {
  const [prefix, stream] = /^\{"stream":"([^"]+)","data":/.exec(line) ?? []
  if (prefix === undefined || stream === undefined || !line.endsWith("}")) {
    throw new SyntaxError(`line ${number} is not of the form {"stream":"…","data":…}`)
  }
  return { stream, combined: new Frame(stream, line), raw: new Frame(stream, line.slice(prefix.length, -1)) }
}

export class Recording {
  readonly #frames: ReadonlyArray<RecordedFrame>
  readonly #perSecond: number | undefined
  readonly #started = new Map<Connection, { readonly at: number; next: number }>()

  /** Reads the file; throws if it cannot be read or holds anything else. */
  constructor(options: RecordingOptions) {
    this.#frames = readFileSync(options.file, "utf8")
      .split(/\r?\n/)
      .map((line, index) => ({ line, number: index + 1 }))
      .filter(({ line }) => line !== "")
      .map(({ line, number }) => parseLine(line, number))
    this.#perSecond = options.perSecond
  }

  get size(): number {
    return this.#frames.length
  }

  begin(connection: Connection, now: number): void {
    if (connection.streams.size > 0 && !this.#started.has(connection))
      this.#started.set(connection, { at: now, next: 0 })
  }

  tick(now: number): void {
    for (const [connection, play] of this.#started) {
      if (!connection.isOpen) {
        this.#started.delete(connection)
        continue
      }
      const due = this.#perSecond === undefined ? this.size : Math.ceil(((now - play.at) / 1000) * this.#perSecond)
      const until = Math.min(this.size, due)
      while (play.next < until && connection.queuedBytes < AHEAD_BYTES) {
        const frame = this.#frames[play.next++]
        if (frame !== undefined && connection.streams.has(frame.stream)) {
          connection.push(connection.combined ? frame.combined : frame.raw)
        }
      }
    }
  }
}
