/** The headers of a record on the dead-letter topic; its value is what could not become a data record, byte for byte. */
import { Schema } from "effect"

const Digits = Schema.String.check(Schema.isPattern(/^\d+$/))

export const DeadLetterHeaders = Schema.Struct({
  "event-id": Schema.NonEmptyString.annotate({
    description: "Of the dead letter, or of the record that Kafka refused."
  }),
  "content-type": Schema.NonEmptyString,
  instance: Schema.optionalKey(Schema.NonEmptyString.annotate({ description: "The process that wrote it." })),
  "dlq.reason": Schema.NonEmptyString.annotate({ description: "Why, for people; its words may change." }),
  "dlq.field": Schema.optionalKey(Schema.String.annotate({ description: "The field that is wrong, as a path: k.o." })),
  "dlq.stream": Schema.NonEmptyString.annotate({
    description: "The stream, or unknown; of a record that Kafka refused its topic and key."
  }),
  "dlq.received-at": Digits.annotate({ description: "When it was received, or refused: Unix ms." }),
  "dlq.bytes": Schema.optionalKey(
    Digits.annotate({ description: "The size of the whole, if the value had to be cut." })
  ),
  "dlq.sha256": Schema.optionalKey(
    Schema.String.check(Schema.isPattern(/^[0-9a-f]{64}$/)).annotate({ description: "The digest of the whole." })
  )
}).annotate({ title: "The headers of a record of the dead-letter topic" })
export type DeadLetterHeaders = typeof DeadLetterHeaders.Type
