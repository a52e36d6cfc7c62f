/**
 * A WebSocket text frame, written once and shared by every connection that gets it: servers neither mask nor compress, so
 * its bytes are the same for all.
 */

const TEXT = 0x81

export class Frame {
  /** The stream it belongs to; `undefined` for acknowledgements and errors. */
  readonly stream: string | undefined
  /** Header and payload, as they go onto the wire. */
  readonly wire: Buffer
  readonly #header: number

  constructor(stream: string | undefined, payload: string | Uint8Array) {
    const length = Buffer.byteLength(payload)
    this.#header = length < 126 ? 2 : length < 65_536 ? 4 : 10
    this.wire = Buffer.allocUnsafe(this.#header + length)
    this.stream = stream
    this.wire[0] = TEXT
    if (length < 126) this.wire[1] = length
    else if (length < 65_536) {
      this.wire[1] = 126
      this.wire.writeUInt16BE(length, 2)
    } else {
      this.wire[1] = 127
      this.wire.writeBigUInt64BE(BigInt(length), 2)
    }
    if (typeof payload === "string") this.wire.write(payload, this.#header)
    else this.wire.set(payload, this.#header)
  }

  get payload(): Buffer {
    return this.wire.subarray(this.#header)
  }
}
