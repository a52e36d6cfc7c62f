/**
 * What a file says, whenever that has changed. It is looked at, not subscribed to: editors put another file in its place,
 * volumes swap folders, and not every file system tells. What is still being written is waited for.
 */
import { Effect, type FileSystem, Option, Result, Stream } from "effect"
import { wholeSecond } from "../../pipeline/wholeSecond.ts"
import * as files from "../settings/files.ts"

/** A file, and its text or why it cannot be read. */
export interface Look {
  readonly path: string
  readonly text: Result.Result<string, string>
}

const look = (path: string): Effect.Effect<Look, never, FileSystem.FileSystem> =>
  files.readSmall(path).pipe(
    Effect.flatMap(Option.match({ onNone: () => Effect.fail(files.NOT_FOUND), onSome: Effect.succeed })),
    Effect.result,
    Effect.map((text) => ({ path, text }))
  )

const keyOf = ({ path, text }: Look, version: number): string =>
  JSON.stringify([version, path, Result.isSuccess(text), Result.isSuccess(text) ? text.success : text.failure])

/**
 * First as it is, then at every change that lasts for a look, and in every new version of what it stands for: it may say again
 * what it said before another list was read. `path` and `version` are asked for each time; `None`: there is no file.
 */
export const watched = (
  path: () => Option.Option<string>,
  version: () => number
): Stream.Stream<Look, never, FileSystem.FileSystem> =>
  Stream.suspend(() => {
    let told: string | undefined
    let before: string | undefined
    const looked = Effect.suspend(() =>
      Option.match(path(), { onNone: () => Effect.succeedNone, onSome: (at) => Effect.asSome(look(at)) })
    )
    return Stream.fromEffectRepeat(Effect.andThen(wholeSecond, looked)).pipe(
      Stream.filterMap((seen) => {
        const key = Option.isNone(seen) ? undefined : keyOf(seen.value, version())
        const isNews = key !== undefined && key === before && key !== told
        before = key
        if (isNews) told = key
        return isNews && Option.isSome(seen) ? Result.succeed(seen.value) : Result.failVoid
      })
    )
  })
