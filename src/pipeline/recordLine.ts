/**
 * A record as one line of JSON. The value stands there as the JSON that it is, byte for byte; one that is no UTF-8 JSON as
 * base64 in `value_base64` instead.
 */
import type { SinkRecord } from "../schema/SinkRecord.ts"
import { isJson, textOf } from "./jsonText.ts"

type Head = Pick<SinkRecord, "topic" | "key" | "timestamp" | "headers"> & {
  readonly partition?: number
  readonly offset?: number
}

const valueMember = (value: Uint8Array): string => {
  const text = textOf(value)
  return text !== undefined && isJson(text)
    ? // A line break in JSON can only be a blank.
      `"value":${text.replaceAll(/[\r\n]/g, " ")}`
    : `"value_base64":"${Buffer.from(value).toString("base64")}"`
}

/** Without a line break; with partition and offset where the record has them. */
export const recordLine = ({ headers, key, offset, partition, timestamp, topic, value }: Head & SinkRecord): string =>
  `${JSON.stringify({ topic, partition, offset, key, timestamp, headers }).slice(0, -1)},${valueMember(value)}}`
