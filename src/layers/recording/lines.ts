/** Cuts a recording into its lines. */

const LF = 0x0a
const CR = 0x0d

/** Bytes untouched; LF or CRLF ends one. A line may go over many blocks. */
export const lineCutter = () => {
  let parts: Array<Uint8Array> = []
  let length = 0

  const add = (part: Uint8Array) => {
    parts.push(part)
    length += part.byteLength
  }
  const finish = (): Uint8Array => {
    const [only] = parts
    const line = parts.length === 1 && only !== undefined ? only : Buffer.concat(parts)
    parts = []
    length = 0
    return line.at(-1) === CR ? line.subarray(0, -1) : line
  }

  return {
    /** The lines that end in the block. */
    cut: (block: Uint8Array): Array<Uint8Array> => {
      const lines: Array<Uint8Array> = []
      let from = 0
      for (let end = block.indexOf(LF); end !== -1; end = block.indexOf(LF, from)) {
        add(block.subarray(from, end))
        lines.push(finish())
        from = end + 1
      }
      if (from < block.byteLength) add(block.subarray(from))
      return lines
    },
    /** The line behind the last line's end; empty if there is none. */
    finish,
    unfinished: () => length
  }
}
