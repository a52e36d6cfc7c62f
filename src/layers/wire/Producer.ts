/** An idempotent producer, as the broker knows it. */
export interface Producer {
  readonly producerId: bigint
  readonly producerEpoch: number
}

/** The numbers of a batch, by which the broker knows a repeated one. */
export interface Sequence extends Producer {
  /** Of the batch's first record. */
  readonly firstSequence: number
}
