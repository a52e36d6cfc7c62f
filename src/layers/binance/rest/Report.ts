/** What people see of the exchange's REST side: whether it answers, and since when not. */
import { Clock, Effect, Option } from "effect"
import { Status } from "../../../services/Status.ts"
import type { RestError } from "./RestError.ts"

/** Nobody has asked since. */
const LASTS = 120_000

const REST = { subject: "REST", kind: "does not answer" } as const

export const make = Effect.gen(function* () {
  const { rest: shown, trouble, well } = yield* Status
  const clock = yield* Clock.Clock
  shown.isOpen = true

  const answered = (): void => {
    Object.assign(shown, { answeredAt: clock.currentTimeMillisUnsafe(), failingSince: null, fault: null })
    well(REST.subject, REST.kind)
  }

  return {
    answered,
    /** No host has answered as it should; that it does not take a question is an answer. */
    failed: ({ kind, message }: RestError): void => {
      if (kind === "rejected" || kind === "missing") return answered()
      shown.failingSince ??= clock.currentTimeMillisUnsafe()
      shown.fault = message
      trouble({ ...REST, text: message, lasts: LASTS })
    },
    used: (weight: Option.Option<number>): void => {
      if (Option.isSome(weight)) shown.usedWeight = weight.value
    }
  }
})
