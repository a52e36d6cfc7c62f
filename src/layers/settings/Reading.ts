/** Reads variables from their texts and keeps every fault, so that all can be told at once. */
import { Result } from "effect"
import { fault, type Problem, type Variable, withoutPassword } from "../../schema/settings/Variable.ts"

export type Values = Readonly<Record<string, string | undefined>>

export class Reading {
  readonly faults: Array<string> = []
  /** What each variable says, for people: as written or by default, secrets redacted. */
  readonly shown: Record<string, string> = {}
  readonly #values: Values

  constructor(values: Values) {
    this.#values = values
  }

  /** As written; `undefined` where it is unset. */
  textOf({ name, refusesBlank, secret }: Variable<unknown>): string | undefined {
    const written = this.#values[name]
    if (written === undefined) return undefined
    if (written.trim() === "") return refusesBlank === true ? "" : undefined
    return secret === true ? written : written.trim()
  }

  isSet(variable: Variable<unknown>): boolean {
    return this.textOf(variable) !== undefined
  }

  /** The variable's value; if it is a bad one the fault is kept, and reading goes on with what it would be unset. */
  get<A>(variable: Variable<A>): A {
    const text = this.textOf(variable)
    const effective = text ?? variable.default
    if (effective !== undefined && effective !== "") {
      this.shown[variable.name] = variable.secret === true ? "<redacted>" : withoutPassword(effective)
    }
    if (text === undefined) return variable.unset
    return Result.getOrElse(variable.parse(text), (problems) => {
      for (const problem of problems) this.refuse(variable, problem)
      return variable.unset
    })
  }

  refuse(variable: Variable<unknown>, problem: Problem): void {
    this.faults.push(fault(variable, this.textOf(variable) ?? "", problem))
  }

  /** Whether its own value is a bad one. */
  faultOf(variable: Variable<unknown>): boolean {
    const text = this.textOf(variable)
    return text !== undefined && Result.isFailure(variable.parse(text))
  }

  /** Two variables name the same topic. */
  clash(variable: Variable<string>, other: string): void {
    const text = this.textOf(variable) ?? variable.default ?? ""
    this.faults.push(
      fault(variable, text, { instead: `${other} names the same topic; control records need one of their own` })
    )
  }

  /** A variable that another one needs is unset. */
  missing(variable: Variable<unknown>, because: string): void {
    this.faults.push(
      `${variable.name} is missing: ${because}; expected ${variable.expected}, for example ${variable.example}`
    )
  }
}
