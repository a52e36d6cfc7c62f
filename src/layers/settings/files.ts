/** Files that settings name. A fault says which variable, which path and why. */
import { createPrivateKey, X509Certificate } from "node:crypto"
import { type Array as Arr, Effect, FileSystem, Option, type PlatformError, Result } from "effect"
import type { Reading } from "./Reading.ts"
import type { Variable } from "../../schema/settings/Variable.ts"

type File = Variable<Option.Option<string>>

/** Why a file cannot be read, for people. */
export const reasonOf = ({ reason }: PlatformError.PlatformError): string => {
  switch (reason._tag) {
    case "NotFound":
      return "there is no such file"
    case "PermissionDenied":
      return "this user may not read it"
    case "BadResource":
      return "it is no file"
    default:
      return reason.message
  }
}

const reading = <A>(
  read: Reading,
  variable: File,
  open: (path: string, files: FileSystem.FileSystem) => Effect.Effect<A, PlatformError.PlatformError>
): Effect.Effect<Option.Option<A>, never, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const path = read.get(variable)
    if (Option.isNone(path)) return Option.none()
    const files = yield* FileSystem.FileSystem
    return yield* open(path.value, files).pipe(
      Effect.asSome,
      Effect.catch((error) => {
        read.refuse(variable, { because: reasonOf(error) })
        return Effect.succeedNone
      })
    )
  })

/** The text of the file that a variable names. */
export const contents = (read: Reading, variable: File) =>
  reading(read, variable, (path, files) => files.readFileString(path))

/** The path that a variable names, if it is a file that can be opened. */
export const readable = (read: Reading, variable: File) =>
  reading(read, variable, (path, files) =>
    Effect.gen(function* () {
      const { type } = yield* files.stat(path)
      yield* files.access(path, { readable: true })
      if (type === "Directory") read.refuse(variable, { because: "it is no file" })
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
