/** What the commands do; each gives its exit code: 0 proved, 1 not proved. */
import process from "node:process"
import { Effect } from "effect"
import * as Certificate from "../pipeline/Certificate.ts"
import * as Repair from "../pipeline/Repair.ts"
import * as Verify from "../pipeline/Verify.ts"
import { MarketHistory } from "../services/MarketHistory.ts"
import type { VerifyOptions } from "./arguments.ts"
import * as Progress from "./Progress.ts"
import { lastLineOf, outcomeText, planText, reportOf } from "./report.ts"

const PROVED = 0
const NOT_PROVED = 1

/** Completes when it is written: the process may end right after. */
const print = (text: string): Effect.Effect<void> =>
  text === ""
    ? Effect.void
    : Effect.callback((resume) => {
        process.stdout.write(`${text}\n`, () => resume(Effect.void))
      })

const read = (topics: ReadonlyArray<string>, progress: Progress.Progress) =>
  progress.during(Verify.verify({ topics, onProgress: progress.update }))

const codeOf = ({ complete }: Verify.Verdict): number => (complete ? PROVED : NOT_PROVED)

const show = (verdict: Verify.Verdict) => print(`${reportOf(verdict)}\n\n${lastLineOf(verdict)}`)

export const verify = Effect.fn("verify")(function* ({ json, quiet, topics }: VerifyOptions) {
  const verdict = yield* read(topics, quiet ? Progress.silent : Progress.make())
  if (json) yield* print(JSON.stringify(Certificate.make(verdict)))
  else if (quiet) yield* print(lastLineOf(verdict))
  else yield* show(verdict)
  return codeOf(verdict)
})

export const repair = Effect.fn("repair")(function* (dryRun: boolean) {
  const { serves } = yield* MarketHistory
  const progress = Progress.make()
  const before = yield* read([], progress)
  const plan = Repair.plan(before.series, serves)
  const toDo = plan.tasks.length + plan.unsaid.length
  if (dryRun) {
    yield* print(planText(plan))
    const requests = plan.tasks.reduce((sum, task) => sum + task.requests, 0)
    yield* print(`To repair: ${plan.tasks.length} holes, about ${requests} requests. Nothing is written.`)
    return toDo > 0 ? NOT_PROVED : codeOf(before)
  }
  if (toDo === 0) {
    yield* show(before)
    return codeOf(before)
  }
  yield* Effect.forEach(plan.unsaid, Repair.say, { discard: true })
  yield* Effect.forEach(
    plan.tasks,
    (task) => Effect.flatMap(Repair.fill(task), (outcome) => print(outcomeText(outcome))),
    { discard: true }
  )
  const after = yield* read([], progress)
  yield* show(after)
  return codeOf(after)
})
