/** Keeps a socket subscribed to what is wanted of it: `pipeline/Subscribed` decides, this sends. */
import { Effect, Latch } from "effect"
import * as Subscribed from "../../pipeline/Subscribed.ts"
import type { ConnectionPlan, ControlRequest } from "../../pipeline/Subscriptions.ts"

export interface Subscriber {
  readonly want: Subscribed.Subscribed["want"]
  readonly wanted: Subscribed.Subscribed["wanted"]
  readonly renew: Subscribed.Subscribed["renew"]
  readonly answered: Subscribed.Subscribed["answered"]
  /** Sends what there is to send, one frame after another, for ever; `send` completes when the frame has gone out. */
  readonly run: (send: (request: ControlRequest) => Effect.Effect<void>) => Effect.Effect<never>
  /** Waits until all that is wanted has been asked for and is answered. */
  readonly settled: Effect.Effect<void>
}

export const make = Effect.fnUntraced(function* ({
  inUrl,
  streams
}: Pick<ConnectionPlan, "inUrl" | "streams">): Effect.fn.Return<Subscriber> {
  const machine = Subscribed.make(
    inUrl,
    streams.map(({ name }) => name)
  )
  const work = yield* Latch.make(true)
  const settled = yield* Latch.make(machine.isSettled())
  const changed = (): void => {
    if (machine.isSettled()) return
    settled.closeUnsafe()
    work.openUnsafe()
  }
  return {
    want: (names) => {
      machine.want(names)
      changed()
    },
    wanted: machine.wanted,
    renew: (names) => {
      machine.renew(names)
      changed()
    },
    answered: (id) => {
      machine.answered(id)
      if (machine.isSettled()) settled.openUnsafe()
    },
    run: (send) =>
      Effect.suspend(() => {
        const request = machine.next()
        if (request !== undefined) return send(request)
        work.closeUnsafe()
        if (machine.isSettled()) settled.openUnsafe()
        return work.await
      }).pipe(Effect.forever),
    settled: settled.await
  }
})
