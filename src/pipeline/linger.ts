/**
 * How long something waits for company: a frame in the inbox, then a record before it goes to the sink. What is in flight
 * lets the next batch grow anyway; this keeps a quiet connector from waking up, and from sending, for every single frame.
 */
import { Duration } from "effect"

/** More would be felt, less would not spare much. */
const LONGEST = Duration.millis(5)

/** Both waits together stay within `BATCH_TIMEOUT_MS`. */
export const linger = (timeout: Duration.Duration): Duration.Duration =>
  Duration.min(LONGEST, Duration.divideUnsafe(timeout, 2))
