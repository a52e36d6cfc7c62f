/** One contestant, or several of its processes, against one fresh exchange and fresh topics. */
import { readFileSync } from "node:fs"
import { rm } from "node:fs/promises"
import { setTimeout } from "node:timers/promises"
import { freePorts } from "../test/support/kafka/freePorts.ts"
import { audit } from "./audit.ts"
import * as Contender from "./Contender.ts"
import type { Acks, Compression, Contestant, Job } from "./contestants/job.ts"
import * as Exchange from "./Exchange.ts"
import { streamsOf, USUAL_STREAMS } from "./generator/streams.ts"
import type { Lab } from "./Lab.ts"
import { faultsOf } from "./Ledger.ts"
import { OTHER_CORE } from "./machine.ts"
import * as Observer from "./Observer.ts"
import * as Usage from "./Usage.ts"

const START_LIMIT = 60_000
/** Nothing more has been stored for so long: what is not there does not come. */
const STILL_MILLIS = 5000
/** A backlog that is longer than this is not waited for. */
const SETTLE_LIMIT = 30_000
const POLL_MILLIS = 100

export interface Setup {
  readonly contestant: Contestant
  readonly streams?: number
  readonly acks?: Acks
  readonly compression?: Compression
  readonly lines?: 1 | 2
  /** How many share the work; 1 if not said. */
  readonly processes?: number
}

/** What a contestant did between two moments (Unix ms). */
export interface Span {
  readonly from: number
  readonly to: number
  readonly seconds: number
  readonly messages: number
  readonly perSecond: number
  readonly cpuMicros: number
  readonly cpuPercent: number
  readonly gcPercent: number
  /** How busy the core of broker, generator and observer was. */
  readonly otherCorePercent: number
}

export interface Trial {
  readonly prefix: string
  readonly exchange: Exchange.Exchange
  readonly contender: () => Contender.Contender
  /** Where there are several processes. */
  readonly contenders: () => ReadonlyArray<Contender.Contender>
  /** Starts it, and completes when it has asked for every stream: how long that took (ms). */
  readonly start: () => Promise<number>
  readonly stored: () => Promise<{ readonly at: number; readonly count: number }>
  readonly measure: (millis: number) => Promise<Span>
  /** Completes when so many messages are stored, or after this time. */
  readonly stores: (messages: number, millis: number) => Promise<void>
  /** Completes when less than this waits to be stored, or after this time. */
  readonly catchesUp: (messages: number, millis: number) => Promise<void>
  /** An independent consumer, from here on. */
  readonly observe: () => Promise<Observer.Observer>
  /** What the exchange has sent so far. */
  readonly sent: () => Promise<number>
  /** Stops the exchange, and waits until all that was sent is stored, or no more is. */
  readonly settle: () => Promise<void>
  /**
   * After that: stops the contestant, reads its topics and says what is wrong with them. `wasAway`: nobody can have candles and
   * tickers of that time, trades have a history.
   */
  readonly judge: (wasAway?: "wasAway") => Promise<ReadonlyArray<string>>
}

let trials = 0

const logTail = (folder: string): string => readFileSync(`${folder}/log`, "utf8").split("\n").slice(-15).join("\n")

/** All that there is by now, what only the history has included. */
const sentOf = async (exchange: Exchange.Exchange): Promise<number> =>
  (await exchange.report()).streams.reduce((sum, { first, last }) => sum + last - first + 1, 0)

export const withTrial = async <A>(lab: Lab, setup: Setup, use: (trial: Trial) => Promise<A>): Promise<A> => {
  const { acks = "1", compression = "snappy", contestant, lines = 1, processes = 1, streams = USUAL_STREAMS } = setup
  const name = `t${++trials}`
  const prefix = `${name}.`
  const exchange = await Exchange.open(streams)
  const job = {
    exchangePort: exchange.port,
    bootstrap: lab.broker.bootstrap,
    topicPrefix: prefix,
    streams: streamsOf(streams).map((stream) => stream.name),
    acks,
    compression,
    lines,
    folder: `${lab.folder}/${name}`
  }
  const jobs = (await freePorts(processes)).map((httpPort, index): Job => ({
    ...job,
    httpPort,
    folder: `${job.folder}/${index}`
  }))
  let contenders: ReadonlyArray<Contender.Contender> = []
  let observer: Observer.Observer | undefined
  let backlog = 0
  const running = () => {
    const ended = contenders.findIndex((contender) => !contender.isRunning())
    if (ended >= 0) throw new Error(`${contestant.name} has ended by itself:\n${logTail(`${job.folder}/${ended}`)}`)
    return contenders
  }
  const first = () => {
    const [contender] = running()
    if (contender === undefined) throw new Error("it was never started")
    return contender
  }
  const sumOf = (figure: (contender: Contender.Contender) => number): number =>
    running().reduce((sum, contender) => sum + figure(contender), 0)

  const stored = async () => {
    if (!contestant.storesInKafka) return first().counted()
    const began = Date.now()
    const count = await lab.topics.count(prefix)
    return { at: (began + Date.now()) / 2, count }
  }

  const mark = async () => {
    const { at, count } = await stored()
    return {
      at,
      count,
      cpuAt: Date.now(),
      cpu: sumOf(({ cpuSeconds }) => cpuSeconds()),
      core: Usage.coreSeconds(OTHER_CORE)
    }
  }

  const until = async (isSo: () => Promise<boolean>, millis: number) => {
    const began = performance.now()
    while (performance.now() - began < millis && !(await isSo())) await setTimeout(POLL_MILLIS)
  }

  const start = async () => {
    const began = performance.now()
    contenders = jobs.map((one) => Contender.start(contestant, one))
    while ((await exchange.report()).subscribed < streams) {
      running()
      if (performance.now() - began > START_LIMIT) {
        throw new Error(`${contestant.name} has not asked for its streams:\n${logTail(`${job.folder}/0`)}`)
      }
      await setTimeout(10)
    }
    return performance.now() - began
  }

  try {
    if (contestant.storesInKafka) await lab.topics.create(prefix)
    return await use({
      prefix,
      exchange,
      contender: first,
      contenders: running,
      start,
      stored,
      measure: async (millis) => {
        const before = await mark()
        await setTimeout(millis)
        const after = await mark()
        const messages = after.count - before.count
        const seconds = (after.at - before.at) / 1000
        const cpu = after.cpu - before.cpu
        const cpuSpan = after.cpuAt - before.cpuAt
        // The probe notes twice a second.
        await setTimeout(600)
        const collected = sumOf(({ collectedMillis }) => collectedMillis(after.cpuAt) - collectedMillis(before.cpuAt))
        return {
          from: before.at,
          to: after.at,
          seconds,
          messages,
          perSecond: messages / seconds,
          cpuMicros: (cpu * 1e6) / messages,
          cpuPercent: (cpu * 1e5) / cpuSpan,
          gcPercent: (collected * 100) / cpuSpan,
          otherCorePercent: ((after.core.busy - before.core.busy) * 100) / (after.core.all - before.core.all)
        }
      },
      stores: (messages, millis) => until(async () => (await stored()).count >= messages, millis),
      catchesUp: (messages, millis) =>
        until(async () => (await sentOf(exchange)) - (await stored()).count < messages, millis),
      observe: async () => {
        observer = await Observer.open(lab.broker.bootstrap, prefix)
        return observer
      },
      sent: () => sentOf(exchange),
      settle: async () => {
        await exchange.stop()
        const sent = await sentOf(exchange)
        const began = performance.now()
        let last = await stored()
        let since = began
        while (last.count < sent && performance.now() - since < STILL_MILLIS) {
          if (performance.now() - began > SETTLE_LIMIT) break
          await setTimeout(POLL_MILLIS)
          const now = await stored()
          if (now.count > last.count) since = performance.now()
          last = now
        }
        // What is too slow by far has lost nothing: it was not given the time.
        if (performance.now() - began > SETTLE_LIMIT) backlog = sent - last.count
      },
      judge: async (wasAway) => {
        const { behind, streams } = await exchange.report()
        const stopped = await Promise.all(running().map((contender) => contender.stop()))
        const faults = stopped.every((one) => one) ? [] : ["it did not end by SIGTERM within 30 s"]
        if (behind > 0) faults.push(`${behind} never sent: it was too far behind`)
        if (!contestant.storesInKafka) return faults
        const judged = streams.filter(({ kind }) => wasAway === undefined || kind === "trade")
        const verdict = await audit(lab.broker.bootstrap, lab.topics, prefix, judged)
        if (backlog === 0) return [...faults, ...faultsOf(verdict)]
        return [...faults, `${backlog} still waiting after 30 s`, ...faultsOf({ ...verdict, lost: 0 })]
      }
    })
  } finally {
    await Promise.all(contenders.filter(({ isRunning }) => isRunning()).map(({ kill }) => kill()))
    await observer?.close()
    await exchange.close()
    if (contestant.storesInKafka) await lab.topics.remove(prefix)
    await rm(job.folder, { recursive: true, force: true })
  }
}
