/** A part of the benchmark: what is measured, of whom, and how often. */
import type { Contestant } from "../contestants/job.ts"
import type { Lab } from "../Lab.ts"

export interface Size {
  readonly isQuick: boolean
}

export interface Result {
  readonly figures: Readonly<Record<string, number>>
  /** What is wrong with what was stored; empty: nothing. */
  readonly faults: ReadonlyArray<string>
  /** How a figure went on: seconds and values. */
  readonly series?: ReadonlyArray<readonly [seconds: number, value: number]>
}

/** One line of the results. */
export interface Measurement extends Result {
  readonly cell: string
  /** What was varied: a rate, a codec. Empty where nothing is. */
  readonly variant: string
  readonly contestant: string
  readonly round: number
}

export interface Case {
  readonly variant: string
  readonly contestant: Contestant
  readonly run: (lab: Lab) => Promise<Result>
}

export interface Cell {
  readonly name: string
  readonly about: string
  /** Only when it is asked for by name. */
  readonly isOnRequest?: boolean
  /** Part of a quick run. */
  readonly isInQuick?: boolean
  readonly rounds: (size: Size) => number
  readonly cases: (size: Size) => ReadonlyArray<Case>
}
