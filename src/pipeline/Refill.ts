/**
 * The fibers beside the sequencer: they ask the exchange's history for what is missing, compare silent streams with it, and
 * pass the time. What they get goes on in the one turn that they share with the reader.
 */
import { Clock, Effect, FiberSet, type Latch, Option } from "effect"
import type { StreamName } from "../schema/StreamName.ts"
import { EventSink } from "../services/EventSink.ts"
import { type HistoryError, MarketHistory } from "../services/MarketHistory.ts"
import type { GapTrace } from "./GapTrace.ts"
import type * as Sequencer from "./Sequencer.ts"
import { wholeSecond } from "./wholeSecond.ts"

/** Requests for pages at once. */
const REQUESTS = 4
/** Between looks at what is to be done, while something is missing. */
const BUSY = "50 millis"
/** Comparisons must leave the history's budget to what is missing. */
const COMPARISONS = 10

/** While so many records wait for the sink, or for their turn, nothing is fetched: the exchange keeps it better than our disk. */
const MOST_PENDING = 20_000
/** Of one stream so many that wait for their turn are enough until its next page is there. */
const MOST_WAITING = 500

export interface Options {
  readonly sequencer: Sequencer.Sequencer
  readonly trace: GapTrace
  /** Opened when the sequencer is not settled (any more). */
  readonly unsettled: Latch.Latch
  /** A step of the sequencer and the publishing of what came of it, as one. */
  readonly inTurn: (step: () => Sequencer.Ordered) => Effect.Effect<void>
  /** How many events wait for their turn, of a stream or of all. */
  readonly waiting: (stream?: string) => number
  /** The history is ahead of what the stream brought. */
  readonly mute: (stream: StreamName) => Effect.Effect<void>
}

const millisOf = (clock: Clock.Clock): number => Number(clock.monotonicTimeNanosUnsafe() / 1_000_000n)

/** Monotonic, ms. */
export const now = Effect.map(Clock.Clock, millisOf)

export const run = Effect.fnUntraced(function* (options: Options) {
  const { mute, sequencer, trace, unsettled, waiting } = options
  const clock = yield* Clock.Clock
  const history = yield* MarketHistory
  const sink = yield* EventSink

  /** The step is told when it is. */
  const inTurn = (step: (now: number) => Sequencer.Ordered) => options.inTurn(() => step(millisOf(clock)))

  /** Streams of which it has been said that the history refuses them. */
  const refused = new Set<StreamName>()

  const failed = Effect.fnUntraced(function* (stream: StreamName, { isRefusal, message }: HistoryError) {
    const line = { stream: stream.name, reason: message }
    if (isRefusal !== true) {
      return yield* Effect.annotateLogs(Effect.logWarning("The exchange's history does not answer: asking again"), line)
    }
    if (refused.has(stream)) return
    refused.add(stream)
    yield* Effect.annotateLogs(Effect.logWarning("The exchange answers, and does not tell a stream's history"), line)
  })

  /** Says what goes wrong with asking about a stream. */
  const said =
    (stream: StreamName) =>
    <A>(asked: Effect.Effect<A, HistoryError>) =>
      asked.pipe(
        Effect.tap(() => Effect.sync(() => refused.delete(stream))),
        Effect.tapError((error) => failed(stream, error))
      )

  const ask = Effect.fnUntraced(function* (request: Sequencer.Request) {
    const asked = history.page(request.stream, request.first, request.limit).pipe(said(request.stream))
    const page = yield* Effect.option(trace.page(request, asked))
    const receivedAt = yield* Clock.currentTimeMillis
    yield* inTurn((millis) => sequencer.answered(request, Option.getOrUndefined(page), receivedAt, millis))
    trace.look()
  })

  const pause = Effect.suspend(() => {
    if (!sequencer.isSettled()) return Effect.sleep(BUSY)
    unsettled.closeUnsafe()
    return Effect.raceFirst(unsettled.await, wholeSecond)
  })

  const asking = yield* FiberSet.make<void, never>()
  let hasRoom = true
  const isFetching = ({ name }: StreamName) => hasRoom && waiting(name) <= MOST_WAITING

  /** Gives the free slots to what matters most. */
  const dispatch = Effect.gen(function* () {
    hasRoom = (yield* sink.pending) + waiting() <= MOST_PENDING
    const free = REQUESTS - (yield* FiberSet.size(asking))
    if (!hasRoom || free <= 0) return
    const requests = sequencer.requests(yield* now).filter(({ stream }) => isFetching(stream))
    for (const request of requests.slice(0, free)) {
      sequencer.asked(request)
      yield* FiberSet.run(asking, ask(request))
    }
  })

  const ticker = pause.pipe(
    Effect.andThen(Effect.suspend(() => (sequencer.isSettled() ? Effect.void : dispatch))),
    Effect.andThen(inTurn((millis) => sequencer.tick(millis, isFetching))),
    Effect.andThen(Effect.sync(trace.look)),
    Effect.forever
  )

  const compare = Effect.fnUntraced(function* (stream: StreamName) {
    const newest = yield* history.newest(stream).pipe(
      said(stream),
      Effect.withSpan("compare", { root: true, attributes: { "binance.stream": stream.name } }),
      // It has answered: there is nothing that it tells of the stream.
      Effect.catchIf(
        ({ isRefusal }) => isRefusal === true,
        () => Effect.succeedNone
      ),
      Effect.option
    )
    const answer = Option.map(newest, (id): Sequencer.Newest => ({ id: Option.getOrUndefined(id) }))
    let isMute = false
    yield* inTurn((millis) => {
      const compared = sequencer.newest(stream, Option.getOrUndefined(answer), millis)
      isMute = compared.mute
      return compared.ordered
    })
    if (isMute) yield* mute(stream)
  })

  const comparer = wholeSecond.pipe(
    Effect.andThen(now),
    Effect.flatMap((millis) => Effect.forEach(sequencer.unheard(millis, COMPARISONS), compare, { discard: true })),
    Effect.forever
  )

  return yield* Effect.all([ticker, comparer, FiberSet.join(asking)], { concurrency: "unbounded", discard: true })
}, Effect.scoped)
