/** The brokers: a link to each one that is needed, and what they say of topics and their leaders. */
import { Duration, Effect, Result, Semaphore } from "effect"
import type { KafkaSettings } from "../../schema/Settings.ts"
import { KafkaError, type TopicPartition } from "../../services/KafkaDriver.ts"
import { type Address, addressOf, nameOf } from "./Address.ts"
import { UNKNOWN_TOPIC } from "./codes.ts"
import type { TopicMetadata } from "./Connection.ts"
import type { CoordinatorKind } from "./coordination.ts"
import { mostTelling, ofCode } from "./errors.ts"
import type { Link } from "./Link.ts"

const METADATA_LIMIT = Duration.seconds(5)
/** No broker's id. */
const NOBODY = -1

/**
 * Reads have connections of their own: one that is not answered in time cuts its connection, and must not put the sends on
 * it in doubt; nor shall sends queue behind the megabytes of a read, or behind a question to a group, which is answered when
 * others have done their part.
 */
export type Use = "writing" | "reading" | CoordinatorKind

const linkName = (address: Address, use: Use): string =>
  use === "writing" ? nameOf(address) : `${nameOf(address)} (${use})`

export interface Cluster {
  /** A link to any broker, one that is there already if possible. */
  readonly any: Effect.Effect<Link, KafkaError>
  /** A link to the broker that creates topics: with ZooKeeper the others refuse to. */
  readonly controller: Effect.Effect<Link, KafkaError>
  /** What the brokers say of the topics now, each with its error code. */
  readonly metadata: (topics: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<TopicMetadata>, KafkaError>
  /** A link to the partition's leader, by the last that was heard of it. */
  readonly leader: (topic: string, partition: number, use?: Use) => Effect.Effect<Link, KafkaError>
  /** The same for each of them, asked for at once: a broker that is away must not keep the others waiting. */
  readonly leaders: (
    partitions: ReadonlyArray<TopicPartition>,
    use: Use
  ) => Effect.Effect<ReadonlyArray<Result.Result<Link, KafkaError>>>
  /** A link to the broker that coordinates what has this key, as it is said now. */
  readonly coordinator: (kind: CoordinatorKind, key: string) => Effect.Effect<Link, KafkaError>
  /** The link to the partition's leader, where nothing has to be asked for, nor waited for. */
  readonly near: (topic: string, partition: number, use?: Use) => Link | undefined
  /** What was heard of the topic may no longer hold. */
  readonly forget: (topic: string) => void
}

export const make = Effect.fnUntraced(function* (
  settings: Pick<KafkaSettings, "bootstrapServers">,
  /** `hasWorked`: a broker has answered these settings before. */
  open: (address: Address, hasWorked: () => boolean) => Link
) {
  const seeds = settings.bootstrapServers.map(addressOf)
  const links = new Map<string, Link>()
  const brokers = new Map<number, Address>()
  const topics = new Map<string, TopicMetadata>()
  const looking = yield* Semaphore.make(1)
  const scope = yield* Effect.scope
  /** Counted apart: in step with each other they could pass over a broker for ever. */
  const turns = { any: 0, metadata: 0 }
  let controllerId = -1
  let hasWorked = false

  yield* Effect.addFinalizer(() =>
    Effect.forEach(links.values(), ({ close }) => close, { concurrency: "unbounded", discard: true })
  )

  const isUsable = (address: Address): boolean => links.get(nameOf(address))?.usable() === true

  const worked = (link: Link): Link => {
    hasWorked = true
    return link
  }
  const ready = (link: Link) => Effect.map(link.ready, () => worked(link))

  const connect = Effect.fnUntraced(function* (
    address: Address,
    use: Use = "writing"
  ): Effect.fn.Return<Link, KafkaError> {
    const name = linkName(address, use)
    const known = links.get(name)
    if (known?.isReady() === true) return worked(known)
    if (known?.usable() === true) return yield* ready(known)
    const link = open(address, () => hasWorked)
    links.set(name, link)
    if (known !== undefined) yield* Effect.forkIn(known.close, scope)
    yield* ready(link)
    yield* Effect.logDebug("Connected to a Kafka broker").pipe(Effect.annotateLogs({ broker: name }))
    return link
  })

  /** Those that are said to be there, each time beginning with another, then those of the settings. */
  const inTurn = (what: keyof typeof turns): ReadonlyArray<Address> => {
    const turn = turns[what]++
    const rotated = [[...brokers.values()], seeds].flatMap((some) => {
      const at = turn % Math.max(1, some.length)
      return [...some.slice(at), ...some.slice(0, at)]
    })
    return [...new Map(rotated.map((address) => [nameOf(address), address])).values()]
  }

  const firstOf = Effect.fnUntraced(function* (addresses: ReadonlyArray<Address>) {
    const errors: Array<KafkaError> = []
    for (const address of addresses) {
      const link = yield* Effect.catch(connect(address), (error) => {
        errors.push(error)
        return Effect.undefined
      })
      if (link !== undefined) return link
    }
    return yield* mostTelling(errors) ?? new KafkaError({ kind: "Unreachable", message: "there is no broker" })
  })

  const any = Effect.suspend(() => firstOf(inTurn("any").toSorted((a, b) => Number(isUsable(b)) - Number(isUsable(a)))))

  const controller = Effect.suspend(() => {
    const address = brokers.get(controllerId)
    return address === undefined ? any : connect(address)
  })

  const metadata: Cluster["metadata"] = Effect.fnUntraced(function* (names) {
    // Connected or not: a broker that is cut off from the rest answers, and knows only old leaders.
    const link = yield* firstOf(inTurn("metadata"))
    const answer = yield* link.ask((connection) => connection.metadata(names), METADATA_LIMIT)
    brokers.clear()
    for (const { host, nodeId, port } of answer.brokers) brokers.set(nodeId, { host, port })
    controllerId = answer.controllerId
    return answer.topics
  })

  /** One look serves all who wait for it. */
  const look = Effect.fnUntraced(function* (topic: string): Effect.fn.Return<TopicMetadata, KafkaError> {
    const known = topics.get(topic)
    if (known !== undefined) return known
    const found = (yield* metadata([topic])).find(({ name }) => name === topic)
    if (found === undefined) return yield* ofCode(UNKNOWN_TOPIC, `topic ${topic}`)
    if (found.errorCode !== 0) return yield* ofCode(found.errorCode, `topic ${topic}`)
    topics.set(topic, found)
    return found
  }, looking.withPermit)

  const placeOf = ({ partitions }: TopicMetadata, partition: number) =>
    // Nearly always in order.
    partitions[partition]?.partition === partition
      ? partitions[partition]
      : partitions.find((one) => one.partition === partition)

  const near: Cluster["near"] = (topic, partition, use = "writing") => {
    const found = topics.get(topic)
    const address = brokers.get((found && placeOf(found, partition)?.leader) ?? NOBODY)
    const link = address && links.get(linkName(address, use))
    return link?.isReady() === true ? link : undefined
  }

  const leader: Cluster["leader"] = Effect.fnUntraced(function* (topic, partition, use) {
    const found = topics.get(topic) ?? (yield* look(topic))
    const place = placeOf(found, partition)
    if (place === undefined) return yield* ofCode(UNKNOWN_TOPIC, `topic ${topic} has no partition ${partition}`)
    const address = brokers.get(place.leader)
    if (address === undefined) {
      return yield* new KafkaError({ kind: "Busy", message: `${topic}/${partition} has no leader at the moment` })
    }
    return yield* connect(address, use)
  })

  const leaders: Cluster["leaders"] = (partitions, use) =>
    Effect.suspend(() => {
      // Nearly always all are at hand: a fiber for each would cost more than to look.
      const atHand = partitions.flatMap(({ partition, topic }) => near(topic, partition, use) ?? [])
      return atHand.length === partitions.length
        ? Effect.succeed(atHand.map(Result.succeed))
        : Effect.forEach(partitions, ({ partition, topic }) => Effect.result(leader(topic, partition, use)), {
            concurrency: "unbounded"
          })
    })

  const coordinator: Cluster["coordinator"] = Effect.fnUntraced(function* (kind, key) {
    const link = yield* any
    const { errorCode, ...address } = yield* link.ask(
      (connection) => connection.findCoordinator(kind, key),
      METADATA_LIMIT
    )
    if (errorCode !== 0) return yield* ofCode(errorCode, `finding the coordinator of ${kind} ${key}`)
    return yield* connect(address, kind)
  })

  return {
    any,
    controller,
    metadata,
    leader,
    leaders,
    coordinator,
    near,
    forget: (topic) => void topics.delete(topic)
  } satisfies Cluster
})
