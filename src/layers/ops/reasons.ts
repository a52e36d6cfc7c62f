/** Why the work is not (all) done, a line each, what matters most first. */
import type { HealthReport } from "../../services/Health.ts"

/** Of streams with the same trouble so many are named. */
const NAMED = 3

export const reasonsOf = ({ connections, degraded, resume, sink }: Omit<HealthReport, "ready" | "status">) => {
  const all = Object.entries(connections)
  const isLive = all.some(([, { state }]) => state === "up")
  const alike = Map.groupBy(Object.entries(degraded), ([, detail]) => detail)
  return [
    ...(sink.state === "up" ? [] : [`The sink does not store: ${sink.detail}`]),
    ...(isLive ? [] : ["No connection delivers data"]),
    ...all.filter(([, { state }]) => state === "down").map(([name, { detail }]) => `${name} is down: ${detail}`),
    ...(resume.state === "starting" ? [`Catching up with an earlier run: ${resume.detail}`] : []),
    ...Array.from(alike, ([detail, streams]) => {
      const names = streams.slice(0, NAMED).map(([name]) => name)
      const more = streams.length - names.length
      return `${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}: ${detail}`
    })
  ]
}
