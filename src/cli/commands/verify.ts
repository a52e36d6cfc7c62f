import { Effect, Layer } from "effect"
import { Flag } from "effect/cli"
import * as Certificate from "../../pipeline/Certificate.ts"
import { Foundation, load, make } from "../Command.ts"
import { print } from "../print.ts"
import * as Progress from "../Progress.ts"
import { lastLineOf } from "../report.ts"
import { codeOf, read, show } from "../verdict.ts"

const flags = {
  json: Flag.Boolean("json").pipe(
    Flag.withDescription("Print the certificate, as JSON, instead of the table"),
    Flag.withDefault(false)
  ),
  from: Flag.Literals("from", ["earliest"]).pipe(
    Flag.withDescription("Where to begin: with the first record that a topic still holds"),
    Flag.withDefault("earliest")
  ),
  topics: Flag.String("topic").pipe(
    Flag.withDescription("A data topic by its full name, again for more; otherwise those of the settings"),
    Flag.atLeast(0)
  ),
  quiet: Flag.Boolean("quiet").pipe(
    Flag.withDescription("Print the last line only, and no progress"),
    Flag.withDefault(false)
  )
}

export const verify = make({
  name: "verify",
  summary: "Prove from the topics alone that nothing is missing, doubled or out of order",
  examples: [
    ["", "All data topics of the settings"],
    ["--topic raw_trades --quiet", "One topic, and only the verdict"],
    ["--json > certificate.json", "Keep the certificate"]
  ],
  exits: { 0: "proved", 1: "not proved" },
  flags,
  needs: load(() => import("../../layers/TopicReaders.ts")).pipe(Layer.provideMerge(Foundation)),
  run: Effect.fn("verify")(function* ({ json, quiet, topics }) {
    const verdict = yield* read(topics, quiet ? Progress.silent : Progress.make())
    if (json) yield* print(JSON.stringify(Certificate.make(verdict)))
    else if (quiet) yield* print(lastLineOf(verdict))
    else yield* show(verdict)
    return codeOf(verdict)
  })
})
