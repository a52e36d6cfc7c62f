/**
 * How long something waits for company: a frame in the inbox, else a record before it goes to the sink. What is in flight
 * lets the next batch grow anyway; this keeps a quiet connector from waking up, and from sending, for every single frame.
 */
import { Duration } from "effect"

/** Half of the time at most: the way on takes its part. */
const within =
  (longest: Duration.Duration) =>
  (timeout: Duration.Duration): Duration.Duration =>
    Duration.min(longest, Duration.divideUnsafe(timeout, 2))

/** Of a frame. More would be felt, less would not spare much. */
export const forFrames = within(Duration.millis(8))

const alone = within(Duration.millis(1))

/** Of a record: none where its frame has waited, else a moment, for it may be that another one comes right behind. */
export const forRecords = (timeout: Duration.Duration, { hasGathered = false }: { readonly hasGathered?: boolean }) =>
  hasGathered ? Duration.zero : alone(timeout)
