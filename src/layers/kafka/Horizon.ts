/**
 * How far the partitions have come in which others write beside us. A stream that is silent for a day stands where it stood,
 * and whoever takes it over would read all that others have written since: as long as nothing of ours is on its way, all below
 * the high watermark is known.
 */
import { Effect, Result } from "effect"
import type { KafkaDriver } from "../../services/KafkaDriver.ts"
import type { PartitionWriter } from "./PartitionWriter.ts"

const EVERY = "1 minute"

export const run = (
  driver: KafkaDriver["Service"],
  writers: () => ReadonlyArray<PartitionWriter>,
  seen: (topic: string, partition: number, end: number) => void
): Effect.Effect<never> => {
  const look = Effect.gen(function* () {
    const resting = writers().filter(({ isAtRest }) => isAtRest())
    const answers = resting.length === 0 ? [] : yield* driver.highWatermarks(resting)
    for (const [index, { isAtRest, partition, topic }] of resting.entries()) {
      const answer = answers[index]
      // What was sent meanwhile may lie below it, and is known only if it was acknowledged.
      if (answer !== undefined && Result.isSuccess(answer) && isAtRest()) seen(topic, partition, answer.success)
    }
  })
  return Effect.forever(Effect.andThen(Effect.sleep(EVERY), look))
}
