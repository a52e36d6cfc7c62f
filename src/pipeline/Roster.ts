/** The streams that are carried, by name, as they come and go. Frames of those that have gone may still be on their way. */
import type { StreamName } from "../schema/StreamName.ts"

export interface Roster {
  readonly find: (name: string) => StreamName | undefined
  /** One that is carried, or was. */
  readonly recall: (name: string) => StreamName | undefined
  readonly join: (streams: ReadonlyArray<StreamName>) => void
  readonly leave: (streams: ReadonlyArray<StreamName>) => void
}

export const make = (streams: ReadonlyArray<StreamName>): Roster => {
  const present = new Map(streams.map((stream) => [stream.name, stream]))
  const past = new Map<string, StreamName>()
  return {
    find: (name) => present.get(name),
    recall: (name) => present.get(name) ?? past.get(name),
    join: (streams) => {
      for (const stream of streams) {
        present.set(stream.name, stream)
        past.delete(stream.name)
      }
    },
    leave: (streams) => {
      for (const stream of streams) if (present.delete(stream.name)) past.set(stream.name, stream)
    }
  }
}
