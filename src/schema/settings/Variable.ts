/**
 * One environment variable, declared once: from the declaration come its check, the message of a bad value, its decoded
 * value and its line in the documents.
 */
import { Option, Result } from "effect"

/** What is wrong with a value. Without more, the message is what the variable expects. */
export interface Problem {
  /** The part of the value that is wrong, if not all of it: one name of a list. */
  readonly part?: string
  /** Said before what is expected. */
  readonly because?: string
  /** Said in place of what is expected. */
  readonly instead?: string
}

export type Parser<A> = (text: string) => Result.Result<A, ReadonlyArray<Problem>>

export interface Declaration {
  readonly name: string
  /** Completes "expected …". */
  readonly expected: string
  readonly example: string
  /** A sentence for the tables. */
  readonly doc: string
  /** Never shown, and taken as it stands, blanks at its ends included. */
  readonly secret?: boolean
  /** Set to nothing it is a bad value, where others are then taken as unset. */
  readonly refusesBlank?: boolean
}

export interface Variable<out A> extends Declaration {
  /** As it would be written in the environment. */
  readonly default: string | undefined
  /** What it decodes to where it is unset. */
  readonly unset: A
  readonly parse: Parser<A>
}

/** A variable with a default. */
export const variable = <A>(
  declaration: Declaration & { readonly default: string },
  parse: Parser<A>
): Variable<A> => ({
  ...declaration,
  parse,
  unset: Result.getOrThrow(parse(declaration.default))
})

/** A variable that may stay unset. */
export const optional = <A>(declaration: Declaration, parse: Parser<A>): Variable<Option.Option<A>> => ({
  ...declaration,
  default: undefined,
  parse: (text) => Result.map(parse(text), Option.some),
  unset: Option.none()
})

/** The most of a value that a message repeats. */
const SHOWN = 80

/**
 * `https://user:password@host` and `user:password@host:9092` without what stands before the host. What is no address may
 * hold a password with a slash. A certificate or key in place of its file's path is not shown at all.
 */
export const withoutPassword = (text: string): string =>
  text.includes("-----BEGIN")
    ? "<redacted>"
    : text
        .replace(URL.canParse(text) ? /\/\/[^/]*@/g : /\/\/.*@/s, "//<redacted>@")
        .replaceAll(/(^|[\s,])[^\s,/@]*:[^\s,/@]*@/g, "$1<redacted>@")

/** A value in a message: on one line, not too long, without the password that an address may hold. */
export const shown = (text: string): string => {
  const safe = withoutPassword(text)
  const short = safe.length > SHOWN ? `${safe.slice(0, SHOWN)}… (${text.length} characters)` : safe
  return /[\p{Cc}\u2028\u2029]/u.test(short) ? JSON.stringify(short) : short
}

/** `BATCH_SIZE=1.5`; a secret's name alone. */
export const assignment = ({ name, secret }: Declaration, text: string): string =>
  secret === true ? name : `${name}=${shown(text)}`

/** One line for the operator. */
export const fault = (variable: Declaration, text: string, { because, instead, part = text }: Problem): string => {
  const expected = `expected ${variable.expected}, for example ${variable.example}`
  const said = instead ?? (because === undefined ? expected : `${because}; ${expected}`)
  return `${assignment(variable, part)}: ${said}`
}
