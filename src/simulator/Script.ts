/**
 * Faults by a script, a line each: when, what, and for how long.
 *
 * ```
 * # seconds since the start
 * 30s    cut
 * 45s    mute btcusdt@trade for 10s
 * 1m30s  rest 429 for 10s
 * ```
 *
 * Without `for`, what lasts lasts to the end. Faults in force at the same time add up.
 */
import { Result } from "effect"
import { type Market, spot } from "../schema/Market.ts"
import { nearest } from "../schema/nearest.ts"
import { parseTimeSpan } from "../schema/timeSpan.ts"
import { type Scene, type Stage, verbs } from "./scriptVerbs.ts"

export interface Step {
  /** Ms after the start. */
  readonly at: number
  /** How long it is in force, ms; `undefined`: to the end, or it is over at once. */
  readonly lasts: number | undefined
  /** As written, without the time. */
  readonly text: string
  /** Does it, and gives what ends it. */
  readonly begin: (stage: Stage) => (() => void) | void
}

const TIMES = "a time such as 30s, 1m30s or 500ms"

const parseLine = (line: string, scene: Scene): Result.Result<Step, string> => {
  const [time = "", verb = "", ...rest] = line.split(/\s+/)
  const at = parseTimeSpan(time)
  if (at === undefined) return Result.fail(`${JSON.stringify(time)} is no time: a line begins with ${TIMES}`)
  const known = Object.hasOwn(verbs, verb) ? verbs[verb] : undefined
  if (known === undefined) {
    const meant = nearest(verb, Object.keys(verbs))
    const guess = meant.length === 0 ? "" : `; ${meant.join(" or ")} may be meant`
    const said = verb === "" ? "nothing follows the time" : `${JSON.stringify(verb)} is no fault`
    return Result.fail(`${said}${guess}: expected one of ${Object.keys(verbs).join(", ")}`)
  }
  const end = rest.lastIndexOf("for")
  const words = end === -1 ? rest : rest.slice(0, end)
  const lasts = end === -1 ? undefined : parseTimeSpan(rest.slice(end + 1).join(" "))
  if (end !== -1 && known.isMoment) return Result.fail(`${verb} is over at once: it takes no "for"`)
  if (end !== -1 && (lasts === undefined || lasts === 0)) return Result.fail(`"for" takes ${TIMES}`)
  return Result.match(known.parse(words, scene), {
    onFailure: (expected) => Result.fail(`${verb} takes ${expected}, such as: ${known.example}`),
    onSuccess: (begin) => Result.succeed({ at, lasts, text: [verb, ...rest].join(" "), begin })
  })
}

/** The steps in the order of the lines, for a simulator of these symbols; or what is wrong, a line each, with its number. */
export const parse = (
  text: string,
  symbols: ReadonlyArray<string>,
  market: Market = spot
): Result.Result<ReadonlyArray<Step>, ReadonlyArray<string>> => {
  const steps: Array<Step> = []
  const faults: Array<string> = []
  for (const [index, written] of text.split(/\r?\n/).entries()) {
    const line = written.replace(/(^|\s)#.*$/, "").trim()
    if (line === "") continue
    Result.match(parseLine(line, { market, symbols }), {
      onFailure: (fault) => faults.push(`line ${index + 1}: ${fault}`),
      onSuccess: (step) => steps.push(step)
    })
  }
  return faults.length > 0 ? Result.fail(faults) : Result.succeed(steps)
}

/** Something of the script has happened: a step has begun, or is over. */
export interface Cue {
  readonly step: Step
  readonly over: boolean
}

/** Puts the steps on the stage's agenda. */
export const play = (steps: ReadonlyArray<Step>, stage: Stage, say: (cue: Cue) => void): void => {
  for (const step of steps) {
    stage.later(step.at, () => {
      const end = step.begin(stage)
      say({ step, over: false })
      if (step.lasts === undefined || end === undefined) return
      stage.later(step.lasts, () => {
        end()
        say({ step, over: true })
      })
    })
  }
}
