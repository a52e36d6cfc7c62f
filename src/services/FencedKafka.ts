/**
 * Kafka for one of several processes of which only one may write at a time: whoever opens an id shuts out those who have
 * opened it before, whatever they still believe, and the broker sees to it. Layers: `KafkaJs` and `Platformatic`; `MemoryKafka`
 * for tests.
 */
import { Context, type Effect, type Scope } from "effect"
import type { KafkaDriver, KafkaError } from "./KafkaDriver.ts"

export class FencedKafka extends Context.Service<
  FencedKafka,
  {
    /**
     * When it completes, the topics hold all that an earlier opener of this id will ever write to them, and reading shows it.
     * What the driver writes after the next one has opened the id is refused (`Fenced`). It needs `KAFKA_ACKS=all`.
     */
    readonly open: (
      id: string,
      topics: ReadonlyArray<string>
    ) => Effect.Effect<KafkaDriver["Service"], KafkaError, Scope.Scope>
  }
>()("binance-kafka/services/FencedKafka") {}
