/** A report for people: what the live page shows, as text. */
import type {
  ConnectionReport,
  ContinuityReport,
  DeadLetterReport,
  GroupReport,
  KafkaReport,
  RestReport,
  SpoolReport,
  StatusReport,
  StreamReport
} from "../schema/StatusReport.ts"
import { style } from "./style.ts"
import { layout } from "./table.ts"

const STYLES = { ok: "good", degraded: "poor", unready: "bad" } as const
const WORDS = { ok: "OK", degraded: "Degraded", unready: "Unready" } as const

/** What was heard within this time is heard. */
const HEARD_MS = 30_000

/** Of what happened lately. */
const LATEST = 5

const MISSING = "-"
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"]

const known = (value: number | null, text: (value: number) => string): string =>
  value === null ? MISSING : text(value)

export const spanText = (millis: number): string => {
  const seconds = Math.max(0, millis) / 1000
  if (seconds < 10) return `${seconds.toFixed(1)} s`
  if (seconds < 120) return `${Math.floor(seconds)} s`
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} days`
}

export const bytesText = (bytes: number): string => {
  const step = bytes < 1024 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10))
  return `${step === 0 ? bytes : (bytes / 1024 ** step).toFixed(1)} ${UNITS[step]}`
}

const millisText = (millis: number): string => {
  if (millis < 0) return `-${millisText(-millis)}`
  return millis < 10_000 ? `${millis.toFixed(1)} ms` : spanText(millis)
}
const rateText = (rate: number): string => rate.toFixed(1)
const timeText = (at: number): string => new Date(at).toISOString()

const section = (title: string, ...lines: ReadonlyArray<string>): string => [style("bold", title), ...lines].join("\n")

const groupLine = ({ detail, shards, state }: GroupReport): string =>
  `  ${state === "up" ? "" : `${state}: `}${detail}${shards.length === 0 ? "" : `; it runs ${shards.join(", ")}`}`

const restLine = (at: number, { answeredAt, failingSince, fault, usedWeight }: RestReport): string => {
  const state =
    fault === null
      ? known(answeredAt, (time) => `answered ${spanText(at - time)} ago`)
      : `does not answer for ${known(failingSince, (since) => spanText(at - since))}: ${fault}`
  return `  ${state}, weight used ${known(usedWeight, String)}`
}

/** Why those that are not up are not, a line each: too long for the table. */
const downLines = (at: number, connections: ReadonlyArray<ConnectionReport>): ReadonlyArray<string> =>
  connections
    .filter(({ state }) => state !== "up")
    .map(({ detail, downSince, name, retryAt, state }) => {
      const since = downSince === null ? "" : ` for ${spanText(at - downSince)}`
      const next = retryAt === null || retryAt <= at ? "" : `; next try in ${spanText(retryAt - at)}`
      return `  ${name} ${state}${since}: ${detail}${next}`
    })

const connectionsOf = (at: number, connections: ReadonlyArray<ConnectionReport>): string =>
  layout(
    ["name", "state", "host", "streams", "frames/s", "latency", "open for", "next rollover in"],
    connections.map(({ host, latencyMs, name, rate, rolloverAt, since, state, streams }) => [
      name,
      state,
      host ?? MISSING,
      String(streams),
      rateText(rate),
      known(latencyMs, millisText),
      known(since, (time) => spanText(at - time)),
      known(rolloverAt, (time) => spanText(time - at))
    ]),
    (column) => column < 3
  )

/** Those in trouble first, if there is no room for all. */
const streamsOf = (at: number, streams: ReadonlyArray<StreamReport>, most: number): ReadonlyArray<string> => {
  const rank = ({ gapsOpen, trouble }: StreamReport): number => (trouble === null && gapsOpen === 0 ? 1 : 0)
  const listed = streams.length > most ? streams.toSorted((a, b) => rank(a) - rank(b)).slice(0, most) : streams
  const table = layout(
    ["name", "events/s", "last, ago", "last id", "gaps open", "filled", "lost", "duplicates", "trouble"],
    listed.map(({ duplicates, gapsFilled, gapsLost, gapsOpen, lastAt, lastId, name, rate, trouble }) => [
      name,
      rateText(rate),
      known(lastAt, (time) => spanText(at - time)),
      known(lastId, String),
      String(gapsOpen),
      String(gapsFilled),
      String(gapsLost),
      String(duplicates),
      trouble ?? ""
    ]),
    (column) => column === 0 || column === 8
  )
  const more = streams.length - listed.length
  return more > 0 ? [table, `  and ${more} more`] : [table]
}

const kafkaLines = (at: number, kafka: KafkaReport): ReadonlyArray<string> => {
  const { acks, batchRecords, failures, inFlight, lastError, rate, records, sendMs, waitingBytes, waitingRecords } =
    kafka
  return [
    `  acknowledged  ${records} records in ${acks} sends, ${rateText(rate)}/s`,
    `  in flight     ${inFlight} sends`,
    `  waiting       ${waitingRecords} records, ${bytesText(waitingBytes)}`,
    `  batch size    ${known(batchRecords, (mean) => `${mean.toFixed(1)} records`)}`,
    `  send time     ${sendMs === null ? MISSING : `p50 ${millisText(sendMs.p50)}, p95 ${millisText(sendMs.p95)}, p99 ${millisText(sendMs.p99)}`}`,
    `  failed sends  ${failures}`,
    `  last error    ${lastError === null ? "none" : `${lastError.kind}, ${spanText(at - lastError.at)} ago: ${lastError.where}: ${lastError.message}`}`
  ]
}

const spoolLine = (at: number, { bytes, dropped, fault, growth, limit, records, since }: SpoolReport): string => {
  const left = fault === null && growth > 0 ? `, full in ${spanText(((limit - bytes) / growth) * 1000)}` : ""
  const waiting =
    records === 0
      ? "empty"
      : `${records} records, ${bytesText(bytes)} of ${bytesText(limit)}${left}${since === null ? "" : `, for ${spanText(at - since)}`}`
  return `  ${fault === null ? "" : `takes nothing: ${fault}; `}${waiting}${dropped > 0 ? `; ${dropped} records not kept` : ""}`
}

const continuityLine = ({ at, from, late, reason, stream, streams, to, type }: ContinuityReport): string => {
  const which = streams > 1 ? `${stream} and ${streams - 1} more` : stream
  const ids = from === null ? "" : ` ${from === to ? from : `${from} to ${to}`}`
  return `  ${timeText(at)}  ${type}${late ? " (late)" : ""}  ${which}${ids}: ${reason}`
}

const letterLine = ({ at, field, reason, stream }: DeadLetterReport): string =>
  `  ${timeText(at)}  ${stream}${field === null ? "" : `, field ${field}`}: ${reason}`

const latest = (lines: ReadonlyArray<string>): ReadonlyArray<string> =>
  lines.length === 0 ? ["  none"] : lines.slice(0, LATEST)

/** At most so many streams. */
export const statusText = (report: StatusReport, most: number): string => {
  const {
    at,
    connections,
    continuity,
    deadLetters,
    group,
    instance,
    kafka,
    rate,
    reasons,
    rest,
    sink,
    spool,
    startedAt,
    streams
  } = report
  const heard = streams.filter(({ lastAt }) => lastAt !== null && at - lastAt < HEARD_MS).length
  const word = style(STYLES[report.state], WORDS[report.state])
  return [
    [
      `${word}  ${instance}, up ${spanText(at - startedAt)}, ${rateText(rate)} events/s`,
      ...reasons.map((reason) => `  ${reason}`)
    ].join("\n"),
    ...(group === undefined ? [] : [section(`Group: ${group.id}`, groupLine(group))]),
    section("Connections", connectionsOf(at, connections), ...downLines(at, connections)),
    ...(rest === null ? [] : [section("History (REST)", restLine(at, rest))]),
    section(
      `Sink: ${sink.name}, ${sink.state === "up" ? "up" : `${sink.state}: ${sink.detail}`}`,
      ...(kafka === null ? [] : kafkaLines(at, kafka))
    ),
    section("Spool", spool === null ? "  none" : spoolLine(at, spool)),
    section(`Streams: ${heard} of ${streams.length} heard in ${HEARD_MS / 1000} s`, ...streamsOf(at, streams, most)),
    section("Continuity", ...latest(continuity.map(continuityLine))),
    section(`Dead letters: ${deadLetters.total}`, ...latest(deadLetters.latest.map(letterLine)))
  ].join("\n\n")
}
