/** A record as `tail` looks at it: its value decoded as far as it can be. */
import { type Option, Predicate, Schema } from "effect"
import { textOf } from "../../pipeline/jsonText.ts"
import { Envelope } from "../../schema/Envelope.ts"
import type { StoredRecord } from "../../services/KafkaDriver.ts"

export interface View {
  readonly record: StoredRecord
  /** The value as text; `undefined` if it is none. */
  readonly text: string | undefined
  /** The value parsed; `undefined` if it is no JSON. */
  readonly value: unknown
  /** Of a data topic's record. */
  readonly envelope: Option.Option<Envelope>
}

const decodeEnvelope = Schema.decodeUnknownOption(Envelope)

const parsed = (text: string | undefined): unknown => {
  try {
    return text === undefined ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

export const viewOf = (record: StoredRecord): View => {
  const text = textOf(record.value)
  const value = parsed(text)
  return { record, text, value, envelope: decodeEnvelope(value) }
}

/** What stands at a path such as `k.o` or `bids.0.0`. */
export const at = (value: unknown, path: string): unknown => {
  let found = value
  for (const name of path.split(".")) {
    if (!Predicate.isObjectOrArray(found) || !Object.hasOwn(found, name)) return undefined
    found = Reflect.get(found, name)
  }
  return found
}
