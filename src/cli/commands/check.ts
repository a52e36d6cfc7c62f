import { Effect, Fiber, Logger } from "effect"
import { Flag } from "effect/cli"
import type { Finding, Status } from "../../check/Finding.ts"
import { make } from "../Command.ts"
import { print } from "../print.ts"
import { style, type Style } from "../style.ts"

const FAILED = 1

const STYLES: Readonly<Record<Status, Style>> = { ok: "good", warning: "poor", failed: "bad", skipped: "faint" }
const STATUS_WIDTH = "warning".length
const SUBJECT_WIDTH = "settings".length

const line = ({ says, status, subject }: Finding): string =>
  `${style(STYLES[status], status.padEnd(STATUS_WIDTH))}  ${subject.padEnd(SUBJECT_WIDTH)}  ${says}`

const count = (findings: ReadonlyArray<Finding>): string => {
  const of = (status: Status) => findings.filter((one) => one.status === status).length
  return `${of("failed")} failed, ${of("warning")} warnings, ${of("skipped")} skipped, ${of("ok")} ok`
}

export const check = make({
  name: "check",
  summary: "Look at all that a run needs: settings, exchange, brokers, topics, rights, disk, HTTP port",
  description:
    "Look at all that a run needs and say what to do where it is lacking: settings, DNS, WebSocket, REST, the clock against the exchange's, symbols, brokers, topics and rights on them, disk, HTTP port (taken while a connector runs there). A line each; one that fails does not keep the others from being looked at. No record is written and no topic made. A warning is no failure: the connector runs, with less.",
  examples: [
    ["", "With the settings of the environment and of .env"],
    ["&& binance-kafka-connector run", "Start only where all is well"],
    ["--json | jq -r '.findings[] | select(.status == \"failed\") | .says'", "Only what failed"]
  ],
  exits: { 0: "nothing failed", [FAILED]: "something failed" },
  flags: {
    json: Flag.Boolean("json").pipe(Flag.withDescription("Print JSON instead of lines"), Flag.withDefault(false))
  },
  // What there is to say are the lines.
  needs: Logger.layer([]),
  run: Effect.fn("check")(function* ({ json }) {
    const [{ inspect }, { checksFor }, { run }, { ok, failed, warning }] = yield* Effect.promise(() =>
      Promise.all([
        import("../../layers/AppConfig.ts"),
        import("../../check/checks.ts"),
        import("../../check/Check.ts"),
        import("../../check/Finding.ts")
      ])
    )
    const { faults, settings } = yield* inspect
    const all: Array<Finding> = []
    const tell = (findings: ReadonlyArray<Finding>) => {
      all.push(...findings)
      return json ? Effect.void : print(findings.map(line).join("\n"))
    }
    yield* tell([
      ...faults.map((fault) => failed("settings", fault)),
      ...settings.notices.map((notice) => warning("settings", notice)),
      ...(faults.length === 0 ? [ok("settings", "can be used; `config` shows them")] : [])
    ])
    // Side by side, and told in order.
    const looks = yield* Effect.forEach(checksFor(settings), (one) => Effect.forkChild(run(one, faults)))
    yield* Effect.forEach(looks, (look) => Effect.flatMap(Fiber.join(look), tell), { discard: true })
    const isGood = all.every(({ status }) => status !== "failed")
    yield* print(json ? JSON.stringify({ ok: isGood, findings: all }, null, 2) : `\n${count(all)}`)
    return isGood ? 0 : FAILED
  })
})
