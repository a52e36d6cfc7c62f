/** What the payload of a stream kind is made of, read from its Schema: for documentation and for the command line. */
import { Option, Schema } from "effect"
import type { StreamKind } from "./StreamKind.ts"

export interface Field {
  /** As in the payload; inside another one with its name before it: `k.o`. */
  readonly name: string
  readonly description: string
  /** Its type, and with it its unit. */
  readonly type: string
}

const Property = Schema.Struct({
  type: Schema.optionalKey(Schema.String),
  title: Schema.optionalKey(Schema.String),
  description: Schema.optionalKey(Schema.String),
  enum: Schema.optionalKey(Schema.Array(Schema.String)),
  anyOf: Schema.optionalKey(Schema.Array(Schema.Struct({ title: Schema.optionalKey(Schema.String) }))),
  properties: Schema.optionalKey(Schema.Record(Schema.String, Schema.Unknown))
})

/** More words than these are in the list of intervals. */
const FEW = 4

const typeOf = ({ anyOf, enum: words, title, type }: typeof Property.Type): string => {
  if (title !== undefined) return title
  if (words !== undefined) return words.length <= FEW ? words.map((word) => `"${word}"`).join(", ") : "text"
  return anyOf?.find((one) => one.title !== undefined)?.title ?? (type === "string" ? "text" : (type ?? ""))
}

const read = (schema: unknown, prefix: string): ReadonlyArray<Field> =>
  Option.match(Schema.decodeUnknownOption(Property)(schema), {
    onNone: () => [],
    onSome: ({ properties = {} }) =>
      Object.entries(properties).flatMap(([name, unread]) => {
        const inner = read(unread, `${prefix}${name}.`)
        if (inner.length > 0) return inner
        const property = Schema.decodeUnknownSync(Property)(unread)
        return [{ name: `${prefix}${name}`, description: property.description ?? "", type: typeOf(property) }]
      })
  })

/** Those that are checked; the exchange may send more, which pass through. */
export const fieldsOf = ({ payload }: StreamKind): ReadonlyArray<Field> =>
  read(Schema.toJsonSchemaDocument(payload).schema, "")
