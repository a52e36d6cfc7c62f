/** What is expected of a run, what the continuity topic says of it, and what it comes to. */

export interface Claim {
  readonly type: string
  readonly stream: string
  readonly from: number | null
  readonly to: number | null
  readonly late: boolean
  readonly reason: string
}

export interface Expectation {
  /** Live may have gone past a hole that was filled late. */
  readonly mayOpenGaps?: boolean
  /** Other continuity records than those of gaps: `rollover` and so on. */
  readonly claims?: ReadonlyArray<string>
  /** How many dead letters there are; none if it is left out. */
  readonly deadLetters?: (count: number) => boolean
  /** Each series is judged from the first id that the topic holds: what was before it is lost with a topic. */
  readonly fromFirstStored?: boolean
  /** So many gap records at the most. */
  readonly mostGaps?: number
}

export interface Judgement {
  readonly generated: number
  readonly missing: number
  readonly duplicated: number
  readonly outOfOrder: number
  /** Behind newer ones, but said to be: by themselves and by the continuity topic. */
  readonly late: number
  readonly mutated: number
  readonly gaps: number
  readonly deadLetters: number
  readonly backfilled: number
  /** Whatever makes it fail, in words. */
  readonly faults: ReadonlyArray<string>
}
