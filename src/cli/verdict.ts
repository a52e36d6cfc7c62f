/** What `verify` and `repair` share: reading a verdict, showing it, and its exit code. */
import * as Verify from "../pipeline/Verify.ts"
import { print } from "./print.ts"
import type { Progress } from "./Progress.ts"
import { lastLineOf, reportOf } from "./report.ts"

const PROVED = 0
export const NOT_PROVED = 1

export const read = (topics: ReadonlyArray<string>, progress: Progress) =>
  progress.during(Verify.verify({ topics, onProgress: progress.update }))

export const codeOf = ({ complete }: Verify.Verdict): number => (complete ? PROVED : NOT_PROVED)

export const show = (verdict: Verify.Verdict) => print(`${reportOf(verdict)}\n\n${lastLineOf(verdict)}`)
