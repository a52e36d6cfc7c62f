/** Asks a running connector for its report and prints it: once, or every second. */
import process from "node:process"
import { Data, Duration, Effect, Schedule, Schema } from "effect"
import { FetchHttpClient, HttpClient } from "effect/http"
import { StatusReport } from "../schema/StatusReport.ts"
import { print, warn } from "./print.ts"
import { statusText } from "./statusText.ts"
import { write } from "./stdout.ts"

export interface StatusOptions {
  readonly url: string
  readonly json: boolean
  readonly watch: boolean
}

/** It cannot be asked, or what answers is something else. */
export class NoAnswer extends Data.TaggedError("NoAnswer")<{ readonly message: string; readonly cause?: unknown }> {}

const ANSWER_WITHIN = Duration.seconds(5)
const EVERY = Duration.seconds(1)
const HOME_AND_CLEAR = "\u001b[H\u001b[2J"

/** Of those that a watched screen has room for. */
const WATCHED_STREAMS = 20

const ask = Effect.fnUntraced(function* (url: string) {
  const address = yield* Effect.try({
    // People paste what their browser shows.
    try: () => new URL("status", `${url.replace(/\/*(status\/*)?$/, "")}/`),
    catch: () => new NoAnswer({ message: `--url ${url}: expected an address such as http://127.0.0.1:8080` })
  })
  const text = yield* HttpClient.get(address).pipe(
    Effect.flatMap((response) => response.text),
    Effect.timeout(ANSWER_WITHIN),
    Effect.mapError(
      (cause) =>
        new NoAnswer({
          message: `no answer from ${address.href}: does the connector run there, with HTTP_PORT set, and is it reached from here (HTTP_HOST)?`,
          cause
        })
    )
  )
  return yield* Schema.decodeEffect(Schema.fromJsonString(StatusReport))(text).pipe(
    Effect.mapError((cause) => new NoAnswer({ message: `${address.href} is no connector of this version`, cause }))
  )
})

const isWell = ({ state }: StatusReport): boolean => state === "ok"

/** 0: all is well; 1: it is not. */
export const status = Effect.fn("status")(function* ({ json, url, watch }: StatusOptions) {
  const text = (report: StatusReport, most: number) => (json ? JSON.stringify(report) : statusText(report, most))
  if (!watch) {
    const report = yield* ask(url)
    yield* print(text(report, Infinity))
    return isWell(report) ? 0 : 1
  }
  const clear = process.stdout.isTTY && !json ? HOME_AND_CLEAR : ""
  const look = ask(url).pipe(
    Effect.flatMap((report) => write(`${clear}${text(report, WATCHED_STREAMS)}\n`)),
    // It may be on its way back.
    Effect.catchTag("NoAnswer", ({ message }) => warn([`Unreachable: ${message}`]))
  )
  yield* Effect.repeat(look, Schedule.spaced(EVERY)).pipe(Effect.catchTag("StdoutClosed", () => Effect.void))
  return 0
}, Effect.provide(FetchHttpClient.layer))
