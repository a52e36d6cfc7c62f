/**
 * What one member of a group has, as a state machine without time or I/O: which shards run, which are being let go of, and when
 * the group has to divide anew. A shard is the member's, and claimed as such, until its run is over, whatever the group says.
 */
import type { Claim } from "../../services/KafkaGroup.ts"

/** How a shard's run has ended. */
export type End =
  /** Given up, and let go of. */
  | "left"
  /** Another process has taken it. */
  | "taken"

/** What there is to do. */
export interface Work {
  readonly start: ReadonlyArray<number>
  /** Lets go of; its end is told when it is over. */
  readonly stop: ReadonlyArray<number>
  /** Others may have what was let go of: join again. */
  readonly rejoin: boolean
}

const IDLE: Work = { start: [], stop: [], rejoin: false }

const NO_GENERATION = -1

export interface Shards {
  readonly claim: () => Omit<Claim, "instance">
  /** The group's word on what is ours. */
  readonly assigned: (shards: ReadonlyArray<number>, generation: number) => Work
  readonly ended: (shard: number, end: End) => Work
  /** Those that run and are not being let go of. */
  readonly running: () => ReadonlyArray<number>
  /** Those that run or are being let go of. */
  readonly owned: () => ReadonlyArray<number>
}

export const make = (): Shards => {
  const running = new Set<number>()
  const leaving = new Set<number>()
  let wanted: ReadonlySet<number> = new Set()
  let generation = NO_GENERATION
  /** Others may have something of ours since the last division. */
  let freed = false

  const sorted = (...sets: ReadonlyArray<ReadonlySet<number>>): ReadonlyArray<number> =>
    sets.flatMap((set) => [...set]).toSorted((a, b) => a - b)

  return {
    claim: () => ({ owned: sorted(running, leaving), generation }),
    assigned: (shards, inGeneration) => {
      generation = inGeneration
      wanted = new Set(shards)
      // What is on its way out goes all the way, and begins anew then.
      const start = shards.filter((shard) => !running.has(shard) && !leaving.has(shard))
      const stop = sorted(running).filter((shard) => !wanted.has(shard))
      for (const shard of start) running.add(shard)
      for (const shard of stop) {
        running.delete(shard)
        leaving.add(shard)
      }
      return { start, stop, rejoin: false }
    },
    ended: (shard, end) => {
      const wasLeaving = leaving.delete(shard)
      running.delete(shard)
      const again = end === "left" && wasLeaving && wanted.has(shard)
      if (again) running.add(shard)
      else {
        wanted = new Set([...wanted].filter((one) => one !== shard))
        freed = true
      }
      // One division for all that go together.
      const rejoin = freed && leaving.size === 0
      if (rejoin) freed = false
      return { ...IDLE, start: again ? [shard] : [], rejoin }
    },
    running: () => sorted(running),
    owned: () => sorted(running, leaving)
  }
}
