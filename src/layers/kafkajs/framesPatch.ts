/**
 * kafkajs 2.2.4 cuts answers out of what arrives within the socket's `data` event: an impossible size throws there, which ends
 * the process, and a huge one is collected in memory. Here either ends the connection alone.
 */
import { Predicate } from "effect"
import Connection from "kafkajs/src/network/connection.js"
import { NOT_KAFKA } from "../wire/errors.ts"
import { LARGEST_ANSWER } from "../wire/sockets.ts"

const take = Connection.prototype.processData

/** Safe to repeat. */
export const apply = (): void => {
  Connection.prototype.processData = function (data) {
    try {
      take.call(this, data)
      if (this.bytesNeeded > LARGEST_ANSWER) throw new RangeError(`it announces ${this.bytesNeeded} bytes`)
    } catch (cause) {
      this.socket.destroy(new Error(`${NOT_KAFKA}: ${Predicate.isError(cause) ? cause.message : String(cause)}`))
    }
  }
}
