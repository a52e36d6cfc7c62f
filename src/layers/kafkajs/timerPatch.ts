/**
 * kafkajs 2.2.4 arms a timer of 1 ms for ever on every connection that was never throttled: thousands of wake-ups a second
 * in an idle process, and a warning of Node's. This one is armed only while something waits.
 */
import RequestQueue from "kafkajs/src/network/requestQueue/index.js"

/** Between two looks at a queue that waits without being throttled, ms; as kafkajs has it. */
const CHECK_INTERVAL = 10

/** Safe to repeat. */
export const apply = (): void => {
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
