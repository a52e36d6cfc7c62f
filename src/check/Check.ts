/** A look at one part of the environment, bounded in time; it never fails and never writes a record. */
import { Duration, Effect } from "effect"
import { failed, type Finding, skipped, type Subject } from "./Finding.ts"

/** More than any of them takes that ends by itself. */
export const LIMIT = Duration.seconds(30)

export interface Check<R = never> {
  readonly subject: Subject
  /** Beginnings of the variables that it relies on: where one of them has a fault, it has nothing to look at. */
  readonly variables: ReadonlyArray<string>
  readonly findings: Effect.Effect<ReadonlyArray<Finding>, never, R>
}

/** The variable that a fault of the settings is about. */
const variableOf = (fault: string): string => /^[A-Z_]+/.exec(fault)?.[0] ?? ""

/** What a check finds, whatever happens to it. */
export const run = <R>(
  { findings, subject, variables }: Check<R>,
  faults: ReadonlyArray<string>
): Effect.Effect<ReadonlyArray<Finding>, never, R> => {
  const bad = faults.map(variableOf).find((name) => variables.some((prefix) => name.startsWith(prefix)))
  if (bad !== undefined) return Effect.succeed([skipped(subject, `not looked at while ${bad} is wrong`)])
  return findings.pipe(
    Effect.timeoutOrElse({
      duration: LIMIT,
      orElse: () =>
        Effect.succeed([
          failed(
            subject,
            `no answer within ${Duration.format(LIMIT)}: look at the network and the load of this machine, and try again`
          )
        ])
    }),
    Effect.catchDefect((defect) =>
      Effect.succeed([failed(subject, `could not be looked at: ${String(defect)}; report it`)])
    )
  )
}
