/**
 * The judgement: what the topics hold, read from offset 0 by a reader that shares no code with the producing side, against
 * what the simulator's market made. Nothing here looks into the connector.
 */
import type { Simulator } from "../../src/simulator/Simulator.ts"
import type { Claim, Expectation, Judgement } from "./judge/contract.ts"
import { madeBy } from "./judge/made.ts"
import { EXAMPLES, rangesOf } from "./judge/ranges.ts"
import { Series } from "./judge/Series.ts"
import { dataTopic, type Scan } from "./judge/topics.ts"
import { Updates } from "./judge/Updates.ts"

const OPEN = '{"original_data":'
const CLOSE = ',"ingestion_timestamp":'
const MOST_OF_A_SORT = 12

const isClaim = (value: unknown): value is Claim =>
  typeof value === "object" && value !== null && "type" in value && "stream" in value && "from" in value

const GAPS = new Set(["gap-opened", "gap-filled", "gap-confirmed"])

export interface Case {
  readonly simulator: Simulator
  readonly streams: ReadonlyArray<string>
  readonly prefix: string
  readonly expect: Expectation
  readonly scan: Scan
}

export const judge = async ({ expect, prefix, scan, simulator, streams }: Case): Promise<Judgement> => {
  const made = madeBy(simulator, streams)
  const series = new Map([...made].map(([stream, one]) => [stream, new Series(stream, one)]))
  const updates = new Map<string, Updates>()
  const faults: Array<string> = []
  const said = new Map<string, number>()
  /** A few of each sort are enough. */
  const say = (text: string, sort = "other") => {
    const count = (said.get(sort) ?? 0) + 1
    said.set(sort, count)
    if (count <= MOST_OF_A_SORT) faults.push(text)
    else if (count === MOST_OF_A_SORT + 1) faults.push("… and more of these")
  }
  let duplicated = 0

  for (const topic of new Set(streams.map(dataTopic))) {
    /** Event ids of what has no sequence. */
    const others = new Set<string>()
    await scan(`${prefix}${topic}`, (record) => {
      const value = record.value.toString()
      const close = value.lastIndexOf(CLOSE)
      const eventId = record.headers["event-id"] ?? ""
      if (!value.startsWith(OPEN) || close === -1 || eventId === "") {
        return say(`${topic} ${record.partition}/${record.offset} is no record of ours: ${value.slice(0, 200)}`)
      }
      const original = value.slice(OPEN.length, close)
      const tail = value.slice(close)
      // binance:spot:<stream>:<SYMBOL>:<id>
      const [, , suffix = "", symbol = "", id = ""] = eventId.split(":")
      if (symbol !== record.key || !tail.includes(`"topic":"${prefix}${topic}"`)) {
        say(`${topic} ${record.partition}/${record.offset}: ${eventId} under the key ${record.key}: ${tail}`)
      }
      const stream = `${symbol.toLowerCase()}@${suffix}`
      const one = series.get(stream)
      const isClosed = !suffix.startsWith("kline_") || original.includes('"x":true')
      if (one !== undefined && isClosed) return one.add(Number(id), record, original, tail)
      if (others.has(eventId)) {
        duplicated++
        say(`${eventId} is there twice, again at ${record.partition}/${record.offset}`, "twice")
      }
      others.add(eventId)
      if (!suffix.startsWith("depth")) return
      const book = updates.get(stream) ?? new Updates(stream)
      updates.set(stream, book)
      book.add(original)
    })
  }

  const claims: Array<Claim> = []
  await scan(`${prefix}continuity`, ({ value }) => {
    const claim: unknown = JSON.parse(value.toString())
    if (isClaim(claim)) claims.push(claim)
    else say(`continuity: ${value.toString()}`)
  })
  const allowed = new Set([
    "gap-filled",
    ...(expect.mayOpenGaps === true ? ["gap-opened"] : []),
    ...(expect.claims ?? [])
  ])
  let gaps = 0
  for (const claim of claims) {
    const { from, late, stream, to, type } = claim
    const text = `${type} ${stream} ${from}–${to}${late ? " late" : ""} (${claim.reason})`
    if (updates.has(stream) && type === "gap-opened") {
      // What followed may not have been stored: a part of the hole is said then, and later the whole.
      const isTrue = updates.get(stream)?.holes.some(([first, last]) => first <= (from ?? 0) && (to ?? 0) <= last)
      if (isTrue !== true) say(`untrue: ${text}`, "untrue")
      continue
    }
    if (!allowed.has(type)) say(`not expected: ${text}`, "claim")
    if (!GAPS.has(type)) continue
    gaps++
    const why = series.get(stream)?.refute(claim)
    if (why !== undefined) say(`untrue: ${text}: ${why}`, "untrue")
  }
  if (gaps > (expect.mostGaps ?? Infinity)) say(`${gaps} gap records, ${expect.mostGaps} at most are expected`)

  const total = { generated: 0, missing: 0, outOfOrder: 0, late: 0, mutated: 0, backfilled: 0 }
  for (const [stream, one] of series) {
    const opened = claims.filter(({ stream: name, type }) => name === stream && type === "gap-opened")
    const { generated, late, missing, step, unexplained } = one.report(opened, expect.fromFirstStored ?? false)
    const outOfOrder = [...one.outOfOrder, ...unexplained]
    total.generated += generated
    total.missing += missing.length
    total.outOfOrder += outOfOrder.length
    total.late += late
    total.mutated += one.mutated
    total.backfilled += one.backfilled
    duplicated += one.duplicated
    if (missing.length > 0) say(`${stream}: missing ${rangesOf(missing, step)}`, "missing")
    if (outOfOrder.length > 0) say(`${stream}: out of order ${rangesOf(outOfOrder, step)}`, "order")
    for (const example of one.examples) say(example, "example")
  }
  for (const { faults: found, holes } of updates.values()) {
    for (const fault of found) say(fault)
    total.outOfOrder += found.length
    for (const [first, last] of holes) {
      const isSaid = claims.some(({ from, to, type }) => type === "gap-opened" && from === first && to === last)
      if (isSaid) continue
      total.missing++
      say(`depth: ${first}–${last} is missing and nothing says so`)
    }
  }
  if (total.generated === 0) say("nothing was generated: there is nothing to judge")

  let deadLetters = 0
  await scan(`${prefix}dead_letter`, ({ headers, value }) => {
    if (deadLetters++ < EXAMPLES && expect.deadLetters === undefined) {
      say(`dead letter: ${headers["dlq.reason"]}: ${value.toString().slice(0, 200)}`)
    }
  })
  if (expect.deadLetters?.(deadLetters) === false) say(`${deadLetters} dead letters`)

  return { ...total, duplicated, gaps, deadLetters, faults }
}
