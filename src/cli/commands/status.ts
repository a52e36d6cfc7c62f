import { Data, Effect, Layer, Option } from "effect"
import { Flag } from "effect/cli"
import { Foundation, make } from "../Command.ts"
import { status as askGroup } from "../group.ts"
import { status as ask } from "../status.ts"

class NoAddress extends Data.TaggedError("NoAddress")<{ readonly message: string }> {}

/** The address that the settings give a connector on this machine. */
const ownUrl = Effect.gen(function* () {
  const { inspect } = yield* Effect.promise(() => import("../../layers/AppConfig.ts"))
  const { faults, settings } = yield* inspect
  const wrong = faults.filter((fault) => fault.startsWith("HTTP_"))
  if (wrong.length > 0) return yield* new NoAddress({ message: wrong.join("\n") })
  const { host, port } = settings.http
  if (port === 0) {
    return yield* new NoAddress({
      message: "HTTP_PORT=0 turns off what could be asked: give the connector a port, or ask another one by --url"
    })
  }
  const isEverybody = host === "0.0.0.0" || host === "::"
  return `http://${isEverybody ? "127.0.0.1" : host.includes(":") ? `[${host}]` : host}:${port}`
})

export const status = make({
  name: "status",
  summary: "Ask a running connector how it is",
  description:
    "Ask a running connector how it is: what its live page shows, as text. Without --url it is asked where HTTP_HOST and HTTP_PORT say. With --group Kafka is asked which process of GROUP_ID has which shards.",
  examples: [
    ["", "The connector of this environment"],
    ["--watch", "The same every second"],
    ["--group", "Which process of the group has which shards"],
    ["--url http://10.0.0.5:8080 --json | jq -r '.streams[] | select(.gapsOpen > 0) | .name'", "Streams with open gaps"]
  ],
  exits: {
    0: "all is well; of a group: every shard has a process",
    1: "degraded or unready: the first lines say why; of a group: not divided, or not wholly"
  },
  flags: {
    url: Flag.String("url").pipe(
      Flag.withDescription("The address of its live page"),
      Flag.withMetavar("url"),
      Flag.optional
    ),
    group: Flag.Boolean("group").pipe(
      Flag.withDescription("Ask Kafka for the whole group, once"),
      Flag.withDefault(false)
    ),
    json: Flag.Boolean("json").pipe(
      Flag.withDescription("Print the report as one line of JSON"),
      Flag.withDefault(false)
    ),
    watch: Flag.Boolean("watch").pipe(
      Flag.withDescription("Ask every second, until stopped, or until stdout is closed"),
      Flag.withDefault(false)
    )
  },
  needs: Layer.empty,
  untilStopped: true,
  run: ({ group, json, url, watch }) =>
    group
      ? Effect.provide(askGroup(json), Foundation)
      : Effect.flatMap(Option.match(url, { onNone: () => ownUrl, onSome: Effect.succeed }), (at) =>
          ask({ url: at, json, watch })
        )
})
