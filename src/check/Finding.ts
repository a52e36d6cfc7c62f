/** One line of what `check` finds. */
export type Status = "ok" | "warning" | "failed" | "skipped"

/** The parts of the environment, in the order in which they are told. */
export type Subject =
  | "settings"
  | "dns"
  | "socket"
  | "rest"
  | "clock"
  | "symbols"
  | "replay"
  | "broker"
  | "topic"
  | "disk"
  | "http"

export interface Finding {
  readonly subject: Subject
  readonly status: Status
  /** What was seen; of what is not ok, also what to do. */
  readonly says: string
}

const finding =
  (status: Status) =>
  (subject: Subject, says: string): Finding => ({ subject, status, says })

export const ok = finding("ok")
export const warning = finding("warning")
export const failed = finding("failed")
/** Nothing could be seen: something before it has failed. */
export const skipped = finding("skipped")
