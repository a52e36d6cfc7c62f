/** Why the work is not (all) done, a line each, what matters most first. */
import type { HealthReport } from "../../services/Health.ts"

/** Of subjects with the same trouble so many are named. */
const NAMED = 3

/** More different troubles are counted. */
const MOST_LINES = 12

/** `btcusdt@ticker (mute)`: the subject and what kind of trouble it is in, if that is said. */
const NAME = /^(.*?)( \([^()]*\))?$/s

const troubleLines = (degraded: HealthReport["degraded"]): ReadonlyArray<string> => {
  const troubles = Object.entries(degraded).map(([name, detail]) => {
    const [, subject = name, kind = ""] = NAME.exec(name) ?? []
    return { subject, text: `${kind}: ${detail}` }
  })
  const lines = Array.from(
    Map.groupBy(troubles, ({ text }) => text),
    ([text, alike]) => {
      const names = alike.slice(0, NAMED).map(({ subject }) => subject)
      const more = alike.length - names.length
      return `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}${text}`
    }
  )
  const more = lines.length - MOST_LINES
  return more > 0 ? [...lines.slice(0, MOST_LINES), `and ${more} other troubles`] : lines
}

export const reasonsOf = ({ connections, degraded, group, resume, sink }: Omit<HealthReport, "ready" | "status">) => {
  const all = Object.entries(connections)
  const isLive = group?.hasStreams === false || all.some(([, { state }]) => state === "up")
  // It connects once it knows where an earlier run stopped, or has waited long enough for it.
  const waitsForSink = all.length === 0 && sink.state !== "up"
  return [
    ...(group === undefined || group.state === "up" ? [] : [`Not in its group: ${group.detail}`]),
    ...(sink.state === "up" ? [] : [`The sink does not store: ${sink.detail}`]),
    ...(waitsForSink ? ["Not connected to the exchange yet: waiting for the sink first"] : []),
    ...(isLive || waitsForSink ? [] : ["No connection delivers data"]),
    ...all.filter(([, { state }]) => state === "down").map(([name, { detail }]) => `${name} is down: ${detail}`),
    ...(resume.state === "starting" && !waitsForSink ? [`Catching up with an earlier run: ${resume.detail}`] : []),
    ...troubleLines(degraded)
  ]
}
