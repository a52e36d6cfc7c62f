/**
 * What makes kafkajs 2.2.4 faster, and is left out with `KAFKAJS_PATCHES=false`; `prepare` stops at any other version.
 *
 * - Batches: kafkajs allocates several buffers for every record, counts in 64-bit objects and sums up in JavaScript. `wire/`
 *   writes the same bytes in one pass, with the checksum of the processor.
 * - Timers: kafkajs arms one of 1 ms for ever on every connection that was never throttled: thousands of wake-ups a second
 *   in an idle process, and a warning of Node's. This one is armed only while something waits.
 * - Requests on their way: kafkajs keeps them in a map that holds on to them long after they were answered ({@link InFlight}).
 */
import RequestQueue from "kafkajs/src/network/requestQueue/index.js"
import { encode } from "../wire/recordBatch.ts"
import { InFlight } from "./InFlight.ts"
import { type EncodeBatch, encodeBatch } from "./produce.ts"

/** Between two looks at a queue that waits without being throttled, ms; as kafkajs has it. */
const CHECK_INTERVAL = 10

/** How batches are encoded. */
export const encoder = (patched: boolean): EncodeBatch => (patched ? encode : encodeBatch)

/** Of a connection that has sent nothing yet. */
export const applyInFlight = (queue: RequestQueue): void => {
  queue.inflight = new InFlight()
}

/** Safe to repeat. */
export const applyTimers = (): void => {
  RequestQueue.prototype.scheduleCheckPendingRequests = function () {
    if (this.throttleCheckTimeoutId !== null) return
    const wait = this.throttledUntil - Date.now()
    if (wait <= 0 && this.pending.length === 0) return
    this.throttleCheckTimeoutId = setTimeout(
      () => {
        this.throttleCheckTimeoutId = null
        this.checkPendingRequests()
      },
      wait > 0 ? wait : CHECK_INTERVAL
    )
  }
}
