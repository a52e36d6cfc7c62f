/**
 * Which topics there are: describes them, creates what is missing if it may, and says where one deviates from the
 * settings; an existing topic is never altered. At the start in the foreground, so that what needs a person ends the
 * program; afterwards by one fiber that tries until every topic asked for is known, and sleeps while none is.
 */
import { Effect, Latch, Random, Schedule } from "effect"
import { backoff } from "../../pipeline/backoff.ts"
import { AppConfig } from "../../services/AppConfig.ts"
import { SinkError } from "../../services/EventSink.ts"
import { type Described, KafkaDriver, KafkaError, type TopicDescription } from "../../services/KafkaDriver.ts"
import type { Outage } from "./Outage.ts"
import { configuredTopics, wishFor } from "./wishes.ts"

/** A topic as it is now; `anew`: it was missing before, what it held is gone. */
export type Found = (topic: TopicDescription, anew: boolean) => Effect.Effect<void>

export interface Topics {
  /** Finds the topics of the settings; fails only for what trying again would not heal. */
  readonly start: Effect.Effect<void, SinkError>
  /** Asks for a topic; it will be given to `found`. */
  readonly want: (topic: string) => void
  /** Serves what is wanted, for ever. */
  readonly run: Effect.Effect<never>
}

/** How long a new topic may take to be seen. */
const settling = Schedule.spaced("100 millis").pipe(Schedule.upTo({ times: 20 }))

const CONNECTION = "connection"

const unseen = (names: ReadonlyArray<string>, { topics }: Described): ReadonlyArray<string> =>
  names.filter((name) => !topics.some((topic) => topic.name === name))

export const make = Effect.fnUntraced(function* (outage: Outage, found: Found) {
  const driver = yield* KafkaDriver
  const settings = yield* AppConfig
  const { topics } = settings
  const configured = configuredTopics(settings)
  const wanted = new Set<string>()
  const wake = yield* Latch.make(false)
  const missing = new Set<string>()
  const compared = new Set<string>()

  const wish = (name: string) => wishFor(name, settings)

  const compare = Effect.fnUntraced(function* (topic: TopicDescription) {
    if (compared.has(topic.name)) return
    compared.add(topic.name)
    const { partitions, replicationFactor = topic.replicationFactor } = wish(topic.name)
    if (topic.partitions === partitions && topic.replicationFactor === replicationFactor) return
    yield* Effect.logWarning("A topic differs from the settings: it is used as it is").pipe(
      Effect.annotateLogs({
        topic: topic.name,
        partitions: topic.partitions,
        replicationFactor: topic.replicationFactor,
        settings: `TOPIC_PARTITIONS ${partitions}, TOPIC_REPLICATION_FACTOR ${replicationFactor}`
      })
    )
  })

  const create = Effect.fnUntraced(function* (name: string) {
    if (!topics.create) {
      return yield* new KafkaError({
        kind: "MissingTopic",
        message: `topic ${name} does not exist: create it, or let TOPIC_CREATE=true do so`
      })
    }
    const creation = yield* driver
      .create(wish(name))
      .pipe(
        Effect.mapError(
          ({ cause, code = "", kind, message }) =>
            new KafkaError({ kind, code, message: `creating topic ${name}: ${message}`, cause })
        )
      )
    if (creation === "created") yield* Effect.logInfo("Topic created").pipe(Effect.annotateLogs({ topic: name }))
    return creation
  })

  /** Describes the topics and creates what is missing; gives what went wrong with single ones. */
  const ensure = Effect.fnUntraced(function* (names: ReadonlyArray<string>) {
    yield* driver.connect
    const adopt = Effect.fnUntraced(function* (topic: TopicDescription) {
      yield* compare(topic)
      wanted.delete(topic.name)
      yield* found(topic, missing.delete(topic.name))
    })

    const existing = yield* driver.describe(names)
    const faults = Array.from(existing.faults.values())
    yield* Effect.forEach(existing.topics, adopt, { discard: true })
    const absent = unseen(names, existing).filter((name) => !existing.faults.has(name))
    if (absent.length === 0) return faults

    const created: Array<string> = []
    for (const name of absent) {
      yield* create(name).pipe(
        Effect.match({
          onSuccess: (creation) => {
            created.push(name)
            // One that existed was only unknown to the broker that was asked.
            if (creation === "created") missing.add(name)
          },
          // It need not be gone: the broker that was asked may not know it yet. Its partitions are read before more is sent.
          onFailure: (error) => {
            faults.push(error)
          }
        })
      )
    }
    if (created.length === 0) return faults
    const visible = yield* driver
      .describe(created)
      .pipe(Effect.repeat({ until: ({ topics }) => topics.length === created.length, schedule: settling }))
    yield* Effect.forEach(visible.topics, adopt, { discard: true })
    for (const name of unseen(created, visible)) {
      const waiting = new KafkaError({ kind: "Busy", message: `waiting for the new topic ${name}` })
      faults.push(visible.faults.get(name) ?? waiting)
    }
    return faults
  })

  /** One pass over what is wanted; true if nothing is left. */
  const serve = Effect.suspend(() => ensure(Array.from(wanted))).pipe(
    Effect.flatMap(([fault]) => (fault === undefined ? Effect.void : Effect.fail(fault))),
    Effect.matchEffect({
      onSuccess: () => Effect.as(outage.works(CONNECTION), true),
      onFailure: (error) => Effect.as(outage.failed(CONNECTION, error), false)
    })
  )

  /** A topic that may be created is missing only for a while: brokers learn of it one after the other. */
  const needsPerson = ({ kind }: KafkaError) =>
    kind === "Denied" || kind === "Refused" || (kind === "MissingTopic" && !topics.create)

  const start = Effect.gen(function* () {
    for (const topic of configured) wanted.add(topic)
    const faults = yield* Effect.catch(ensure(Array.from(configured)), (error) => Effect.succeed([error]))
    const fatal = faults.find(needsPerson)
    if (fatal !== undefined) return yield* new SinkError({ message: fatal.message, cause: fatal })
    const [fault] = faults
    if (fault === undefined) return yield* outage.works(CONNECTION)
    yield* outage.failed(CONNECTION, fault)
    wake.openUnsafe()
  })

  const run = Effect.gen(function* () {
    let attempts = 0
    for (;;) {
      yield* wake.await
      if (attempts > 0) yield* Effect.sleep(backoff(attempts, yield* Random.next))
      const done = yield* serve
      attempts = done ? 0 : attempts + 1
      if (wanted.size === 0) wake.closeUnsafe()
    }
  })

  const want = (topic: string): void => {
    wanted.add(topic)
    wake.openUnsafe()
  }

  return { start, want, run } satisfies Topics
})
