/** Files that settings name. A fault says which variable, which path and why. */
import { createPrivateKey, X509Certificate } from "node:crypto"
import { type Array as Arr, Effect, FileSystem, Option, type PlatformError, Result } from "effect"
import type { Reading } from "./Reading.ts"
import type { Variable } from "../../schema/settings/Variable.ts"

type File = Variable<Option.Option<string>>

/** Certificates, passwords and `.env` are small; a device or a mistaken path must not fill the memory. */
const MAX_BYTES = 1024 * 1024

/** A regular file of a sensible size: opening a pipe would wait for whoever writes into it, for ever. */
const NO_FILE = "it is no regular file"

/** Reads a small regular file; the failure is the reason, for people. `None`: there is no such file. */
export const readSmall = (path: string): Effect.Effect<Option.Option<string>, string, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const files = yield* FileSystem.FileSystem
    const { size, type } = yield* files.stat(path)
    if (type !== "File") return yield* Effect.fail(NO_FILE)
    if (size > MAX_BYTES) return yield* Effect.fail("it is larger than 1 MiB")
    return Option.some(yield* files.readFileString(path))
  }).pipe(
    Effect.catchIf(
      (error) => typeof error !== "string" && error.reason._tag === "NotFound",
      () => Effect.succeedNone
    ),
    Effect.mapError((error) => (typeof error === "string" ? error : reasonOf(error)))
  )

/** Why a file cannot be read, for people. */
export const reasonOf = ({ reason }: PlatformError.PlatformError): string => {
  switch (reason._tag) {
    case "NotFound":
      return NOT_FOUND
    case "PermissionDenied":
      return "this user may not read it"
    case "BadResource":
      return "it is no file"
    default:
      return reason.message
  }
}

export const NOT_FOUND = "there is no such file"

const reading = <A>(
  read: Reading,
  variable: File,
  open: (path: string) => Effect.Effect<A, string, FileSystem.FileSystem>
): Effect.Effect<Option.Option<A>, never, FileSystem.FileSystem> =>
  Option.match(read.get(variable), {
    onNone: () => Effect.succeedNone,
    onSome: (path) =>
      Effect.asSome(open(path)).pipe(
        Effect.catch((because) => {
          read.refuse(variable, { because })
          return Effect.succeedNone
        })
      )
  })

/** The text of the file that a variable names. */
export const contents = (read: Reading, variable: File) =>
  reading(read, variable, (path) =>
    Effect.flatMap(
      readSmall(path),
      Option.match({ onNone: () => Effect.fail(NOT_FOUND), onSome: (text) => Effect.succeed(text) })
    )
  )

/** The path that a variable names, if it is a file that can be opened. */
export const readable = (read: Reading, variable: File) =>
  reading(read, variable, (path) =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const { type } = yield* Effect.mapError(files.stat(path), reasonOf)
      if (type !== "File") return yield* Effect.fail(NO_FILE)
      yield* Effect.mapError(files.access(path, { readable: true }), reasonOf)
      return path
    })
  )

/** The PEM text of the file that a variable names, if `parse` takes it. */
const pem = (read: Reading, variable: File, what: string, parse: (text: string) => unknown) =>
  Effect.map(
    contents(read, variable),
    Option.filter((text) => {
      const parsed = Result.try({ try: () => parse(text), catch: (error) => error })
      if (Result.isFailure(parsed)) read.refuse(variable, { because: `it holds no ${what} that can be used` })
      return Result.isSuccess(parsed)
    })
  )

const PEM_CERTIFICATE = /-----BEGIN ([A-Z0-9 ]*CERTIFICATE)-----[^]*?-----END \1-----/g

/** The first is the file's own, others lead to its authority. */
export const certificatesOf = (text: string): Arr.NonEmptyReadonlyArray<X509Certificate> => {
  const [first, ...others] = text.match(PEM_CERTIFICATE) ?? [text]
  return [new X509Certificate(first ?? text), ...others.map((one) => new X509Certificate(one))]
}

export const certificates = (read: Reading, variable: File) => pem(read, variable, "PEM certificate", certificatesOf)

export const privateKey = (read: Reading, variable: File) =>
  pem(read, variable, "PEM private key without a passphrase", createPrivateKey)
