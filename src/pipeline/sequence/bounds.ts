/** How far, how long and how much is too much for a sequence; and what it says then. */

/** "An id more than 1,000,000 ahead" is no loss that anybody has seen. */
export const FAR = 1_000_000
/** So far below, and for so long, no connection is behind another one. */
export const RESET_IDS = 10_000
export const RESET_MS = 10_000
/** What one answer of the history holds: a hole of so few ids is filled in place however long ago it began. */
export const PAGE = 1000
export const LONGEST_WAIT_MS = 5000

export const TOO_OLD = "the hole spans more time than is caught up in place"
export const OVERDUE = "the history has given nothing new for too long"
export const LIVE_FIRST = "live began before it was known where an earlier run stopped"
export const COUNTS_ANEW = "the exchange counts anew"
export const EARLY = "live began behind what the history had told first"
