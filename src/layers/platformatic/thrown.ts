/** What @platformatic/kafka has thrown, sorted by what may be done about it. */
import { AuthenticationError, UnsupportedApiError } from "@platformatic/kafka"
import { Predicate } from "effect"
import type { KafkaError } from "../../services/KafkaDriver.ts"
import { ACCOUNT, codeOf, type Verdict, VERSION } from "../wire/codes.ts"
import * as Errors from "../wire/errors.ts"

/** An error and those that it came from, the first of them last. */
const causesOf = (cause: unknown): ReadonlyArray<unknown> => [
  cause,
  ...(Predicate.hasProperty(cause, "errors") && Array.isArray(cause.errors) ? cause.errors.flatMap(causesOf) : []),
  ...(Predicate.hasProperty(cause, "cause") && cause.cause !== undefined ? causesOf(cause.cause) : [])
]

/** The code that a broker has answered with. */
const answered = (cause: unknown): number | undefined =>
  Predicate.hasProperty(cause, "apiCode") && typeof cause.apiCode === "number" ? cause.apiCode : undefined

const detailOf = (cause: unknown): string => Errors.stringOf(cause, "serverErrorMessage") || Errors.textOf(cause)

const CLOSED = /connection closed|timed out/i

const verdictOf = (causes: ReadonlyArray<unknown>, code: string, hasWorked: boolean): Verdict => {
  const ofSystem = Errors.ofSystemCode(code)
  if (ofSystem !== undefined) return ofSystem
  const texts = causes.map(Errors.textOf)
  for (const text of texts) {
    const said = Errors.ofMessage(text, hasWorked)
    if (said !== undefined) return said
  }
  // Whatever ends an authentication is reported as a refusal; this is none.
  if (texts.some((text) => CLOSED.test(text))) return Errors.hungUp(hasWorked)
  if (causes.some((cause) => cause instanceof UnsupportedApiError)) return ["Denied", VERSION]
  return causes.some((cause) => cause instanceof AuthenticationError) ? ["Denied", ACCOUNT] : ["Unreachable"]
}

/** If a record was written by then, it may be stored. `hasWorked`: a broker has answered these settings before. */
export const ofThrown = (cause: unknown, written: boolean, hasWorked = false): KafkaError => {
  const causes = causesOf(cause)
  const root = causes.at(-1)
  const answer = causes.map(answered).find((code) => code !== undefined)
  const code = answer === undefined ? Errors.stringOf(root, "code") : codeOf(answer).name
  const message = detailOf(root) || code
  const verdict = answer === undefined ? verdictOf(causes, code, hasWorked) : codeOf(answer).verdict
  return Errors.ofThrown(cause, message, code || Errors.stringOf(root, "name"), written ? "written" : verdict)
}
