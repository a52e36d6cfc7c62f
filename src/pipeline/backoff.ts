/** How long to wait before something is tried again. */

const FIRST_RETRY_MS = 100
const LAST_RETRY_MS = 5000

/** The wait before try `attempt + 1`: exponential with full jitter, so that lanes do not strike in step. */
export const backoff = (attempt: number, jitter: number): number =>
  jitter * Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** (attempt - 1))
