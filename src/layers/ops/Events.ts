/** `GET /events`: the report as server-sent events, whole at first and then once a second what has changed. */
import { Duration, Effect, Stream } from "effect"
import { HttpServerResponse } from "effect/http"
import type { StatusReport } from "../../schema/StatusReport.ts"
import * as Changes from "./Changes.ts"

const EVERY = Duration.seconds(1)

/** More are turned away: each costs something every second. */
export const MOST_LISTENERS = 16

const utf8 = new TextEncoder()

export const make = (report: Effect.Effect<StatusReport>) => {
  const changes = Changes.make(report)
  let listeners = 0

  const events = Stream.unfold(0, (seen) =>
    (seen === 0 ? Effect.void : Effect.sleep(EVERY)).pipe(
      Effect.andThen(changes.since(seen)),
      Effect.map(({ text, version }) => [utf8.encode(`data: ${text}\n\n`), version] as const)
    )
  )

  const listening = Effect.acquireRelease(
    Effect.sync(() => void listeners++),
    () => Effect.sync(() => void listeners--)
  )

  return Effect.sync(() =>
    listeners >= MOST_LISTENERS
      ? HttpServerResponse.text(`${MOST_LISTENERS} are listening already: try again later\n`, {
          status: 503,
          headers: { "retry-after": "10", connection: "close" }
        })
      : HttpServerResponse.stream(Stream.unwrap(Effect.as(listening, events)), {
          contentType: "text/event-stream",
          headers: { "x-accel-buffering": "no" }
        })
  )
}
