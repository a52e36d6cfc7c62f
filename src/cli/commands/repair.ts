import { Effect, Layer } from "effect"
import { Flag } from "effect/cli"
import * as Repair from "../../pipeline/Repair.ts"
import { MarketHistory } from "../../services/MarketHistory.ts"
import { Foundation, load, make } from "../Command.ts"
import { print } from "../print.ts"
import * as Progress from "../Progress.ts"
import { outcomeText, planText } from "../report.ts"
import { codeOf, NOT_PROVED, read, show } from "../verdict.ts"

/** The topics, the exchange's history, and the sink that the connector itself writes to. */
const Workshop = Layer.mergeAll(
  load(() => import("../../layers/TopicReaders.ts")),
  load(() => import("../../layers/Sinks.ts")),
  load(() => import("../../layers/BinanceHistory.ts"))
).pipe(Layer.provide(load(() => import("../../layers/HealthState.ts"))))

export const repair = make({
  name: "repair",
  summary: "Fill what verify finds missing from Binance's history, then verify again",
  examples: [
    ["--dry-run", "Say what is missing and what fetching it costs"],
    ["", "Fetch it and store it"]
  ],
  exits: {
    0: "proved: nothing is missing, or not any more",
    1: "not proved; with --dry-run, also where there is something to repair"
  },
  flags: {
    dryRun: Flag.Boolean("dry-run").pipe(
      Flag.withDescription("Say what would be fetched, and write nothing"),
      Flag.withDefault(false)
    )
  },
  needs: Layer.provideMerge(Workshop, Foundation),
  run: Effect.fn("repair")(function* ({ dryRun }) {
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
})
