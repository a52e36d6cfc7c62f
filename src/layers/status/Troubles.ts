/** What is wrong though the work goes on, as its owners last said it; what nobody says again ends by itself. */
import type { TroubleReport } from "../../schema/StatusReport.ts"
import { nameOf, type Trouble, type TroubleKind } from "../../services/Status.ts"

export interface Troubles {
  /** `now`: monotonic ms, for a clock on the wall may leap; `at`: Unix ms. */
  readonly tell: (trouble: Trouble, now: number, at: number) => void
  readonly end: (subject: string, kind: TroubleKind) => void
  /** Those that there are, in the order in which they began. */
  readonly now: (now: number) => ReadonlyArray<TroubleReport>
}

export const make = (): Troubles => {
  const all = new Map<string, { text: string; until: number; readonly since: number }>()
  const forget = (now: number): void => {
    for (const [name, { until }] of all) if (until <= now) all.delete(name)
  }
  return {
    tell: (trouble, now, at) => {
      const name = nameOf(trouble)
      const until = now + (trouble.lasts ?? Infinity)
      const { text } = trouble
      forget(now)
      const known = all.get(name)
      if (known === undefined) all.set(name, { text, until, since: at })
      else Object.assign(known, { text, until })
    },
    end: (subject, kind) => {
      all.delete(nameOf({ subject, kind }))
    },
    now: (now) => {
      forget(now)
      return Array.from(all, ([name, { since, text }]) => ({ name, text, since }))
    }
  }
}
