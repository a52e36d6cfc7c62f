/** How a bare script stores: everything at once as the client spreads it, or one partition a send. */
import type { Message } from "./envelope.ts"

export interface Driver {
  readonly sendAll: (messages: ReadonlyArray<Message>) => Promise<void>
  readonly sendPartition: (topic: string, partition: number, messages: ReadonlyArray<Message>) => Promise<void>
  readonly close: () => Promise<void>
}

export interface DriverOptions {
  readonly bootstrap: string
  readonly acks: number
  readonly compression: string
}
