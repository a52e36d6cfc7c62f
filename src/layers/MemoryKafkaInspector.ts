/** A cluster that says what it is told to, for tests. */
import { Effect, Layer } from "effect"
import type { KafkaError } from "../services/KafkaDriver.ts"
import { type Inspection, KafkaInspector } from "../services/KafkaInspector.ts"

export interface Options extends Partial<Inspection> {
  /** By `host:port`, those that cannot be reached. */
  readonly unreachable?: ReadonlyMap<string, KafkaError>
  /** By name, topics that may not be created. */
  readonly uncreatable?: ReadonlyMap<string, KafkaError>
}

export const layer = ({
  brokers = [],
  faults = new Map(),
  topics = new Map(),
  uncreatable,
  unreachable
}: Options = {}): Layer.Layer<KafkaInspector> => {
  const failing = (error: KafkaError | undefined) => (error === undefined ? Effect.void : Effect.fail(error))
  return Layer.succeed(KafkaInspector, {
    reach: (server) => failing(unreachable?.get(server)),
    inspect: () => Effect.succeed({ brokers, topics, faults }),
    mayCreate: ({ name }) => failing(uncreatable?.get(name))
  })
}
