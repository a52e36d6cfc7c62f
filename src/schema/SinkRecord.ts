/** One record on its way to a topic: what every sink takes. */
export interface SinkRecord {
  readonly topic: string
  /** The symbol for data, the stream's name for control records; decides the partition. */
  readonly key: string
  /** The bytes of the record's value; data topics hold the UTF-8 JSON of an `Envelope`. */
  readonly value: Uint8Array
  /** Unix ms. */
  readonly timestamp: number
  /** Always an `event-id` (deterministic: the same event has the same one, however it arrives) and a `content-type`. */
  readonly headers: Readonly<Record<string, string>>
  /** When its frame was read from the socket, Unix ms; only on what was received live. Not stored: latencies are measured by it. */
  readonly receivedAt?: number | undefined
}
