/**
 * Batches for several partitions of one broker that are ready at the same time, or while the connection is busy, go as one
 * request: a quiet connector sends a few requests, not one for every partition. The broker stores each by itself and answers
 * for each by itself, and only that is believed.
 */
import { Deferred, Effect, type Semaphore } from "effect"
import type { KafkaError } from "../../services/KafkaDriver.ts"
import type { Part, PartAnswer } from "./Connection.ts"

/**
 * Of values: a request that has so many takes no more. What is large gains nothing by company, and several requests keep the
 * broker at work while the next one is made.
 */
const ENOUGH_BYTES = 32 * 1024

type Answers = ReadonlyArray<PartAnswer>

interface Group {
  readonly parts: Array<Part>
  readonly onEncoded: Array<() => void>
  readonly answers: Deferred.Deferred<Answers, KafkaError>
  bytes: number
}

export interface Sends {
  /** The answers to the request that the part goes with. */
  readonly send: (part: Part, onEncoded: () => void) => Effect.Effect<Answers, KafkaError>
}

export interface Options {
  /** The connection's turns: how many requests may be on their way. */
  readonly turns: Semaphore.Semaphore
  readonly request: (parts: ReadonlyArray<Part>, onEncoded: () => void) => Effect.Effect<Answers, KafkaError>
  /** Runs a request, which is not only that of whoever began it. */
  readonly fork: (run: Effect.Effect<void>) => Effect.Effect<unknown>
}

/** A request holds one batch of a partition: where several write to it, each has a producer of its own. */
const holds = ({ parts }: Group, { partition, topic }: Part): boolean =>
  parts.some((one) => one.partition === partition && one.topic === topic)

export const make = ({ fork, request, turns }: Options): Sends => {
  /** Has not had its turn. */
  let growing: Group | undefined

  const run = (group: Group) =>
    turns
      .withPermit(
        Effect.suspend(() => {
          if (growing === group) growing = undefined
          return request(group.parts, () => {
            for (const encoded of group.onEncoded) encoded()
          })
        })
      )
      .pipe(
        Effect.exit,
        Effect.flatMap((exit) => Deferred.done(group.answers, exit)),
        Effect.asVoid
      )

  const begin = (): Group => {
    growing = { parts: [], onEncoded: [], answers: Deferred.makeUnsafe(), bytes: 0 }
    return growing
  }

  const add = (group: Group, part: Part, onEncoded: () => void, bytes: number) => {
    group.parts.push(part)
    group.onEncoded.push(onEncoded)
    group.bytes += bytes
    return Deferred.await(group.answers)
  }

  return {
    send: (part, onEncoded) =>
      Effect.suspend(() => {
        let bytes = 0
        for (const { value } of part.records) bytes += value.byteLength
        const joined =
          growing !== undefined && growing.bytes + bytes <= ENOUGH_BYTES && !holds(growing, part) ? growing : undefined
        if (joined !== undefined) return add(joined, part, onEncoded, bytes)
        // Whoever begins a request has it run.
        return Effect.uninterruptibleMask((restore) => {
          const group = begin()
          const answers = add(group, part, onEncoded, bytes)
          return Effect.andThen(fork(run(group)), restore(answers))
        })
      })
  }
}
