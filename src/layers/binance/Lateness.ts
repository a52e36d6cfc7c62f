/** Whether what a connection brings is old, or seems to be from the future: a slow way, or a clock that is wrong. */

/** Usual are some hundred ms; clocks without a time server are off by a few seconds. */
const LATE_MS = 5000
/** Readings in a row: one may follow a pause. */
const ENOUGH = 3

const spanText = (millis: number): string => {
  const seconds = Math.round(millis / 1000)
  if (seconds < 120) return `${seconds} s`
  return seconds < 7200 ? `${Math.round(seconds / 60)} min` : `${Math.round(seconds / 3600)} h`
}

const textOf = (millis: number): string =>
  millis > 0
    ? `what comes is ${spanText(millis)} old: our clock is ahead, or the way to here is slow`
    : `what comes is from ${spanText(-millis)} ahead: our clock is behind`

/** Given each reading of the latency, ms; says what is wrong, if that has been so for a while. */
export const make = () => {
  let off = 0
  return (millis: number): string | undefined => {
    off = Math.abs(millis) < LATE_MS ? 0 : off + 1
    return off < ENOUGH ? undefined : textOf(millis)
  }
}
