import { readFile } from "node:fs/promises"
import { Data, Effect, Layer, Option, Predicate, Result } from "effect"
import { Flag } from "effect/cli"
import { markets } from "../../schema/Market.ts"
import { type MarketName, marketNames } from "../../schema/StreamKind.ts"
import { countText } from "../amounts.ts"
import { make } from "../Command.ts"
import { say, showing } from "../liveLine.ts"
import { print } from "../print.ts"
import { trafficLine } from "../traffic.ts"

class CannotSimulate extends Data.TaggedError("CannotSimulate")<{ readonly message: string }> {}

const MAX_PORT = 65_535
const MAX_RATE = 1_000_000

const flags = {
  market: Flag.Literals("market", marketNames).pipe(
    Flag.withDescription("Which of the exchange's markets: spot or usdm; spot if not said"),
    Flag.withDefault<MarketName>("spot")
  ),
  port: Flag.Int("port").pipe(
    Flag.filter(
      (port) => port >= 0 && port <= MAX_PORT,
      () => `a port from 1 to ${MAX_PORT}, or 0 for a free one`
    ),
    Flag.withDescription("On 127.0.0.1; 9443 if not said, 0 takes a free one"),
    Flag.withDefault(9443)
  ),
  symbols: Flag.String("symbols").pipe(
    Flag.map((text) =>
      text
        .split(",")
        .map((symbol) => symbol.trim().toUpperCase())
        .filter((symbol) => symbol !== "")
    ),
    Flag.withDescription("What is traded, separated by commas; BTCUSDT,ETHUSDT,BNBUSDT if not said"),
    Flag.withDefault(["BTCUSDT", "ETHUSDT", "BNBUSDT"])
  ),
  rate: Flag.Finite("rate").pipe(
    Flag.filter(
      (rate) => rate >= 0 && rate <= MAX_RATE,
      () => `a number from 0 to ${MAX_RATE}`
    ),
    Flag.withDescription("Trades a second over all symbols; 100 if not said"),
    Flag.withDefault(100)
  ),
  seed: Flag.String("seed").pipe(
    Flag.withDescription("The same seed trades at the same prices"),
    Flag.withDefault("binance")
  ),
  script: Flag.String("script").pipe(
    Flag.withMetavar("file"),
    Flag.withDescription("Faults to come, a line each: `30s cut`"),
    Flag.optional
  ),
  faults: Flag.String("fault").pipe(
    Flag.withMetavar("line"),
    Flag.withDescription("One such line; again for more"),
    Flag.atLeast(0)
  )
}

/** The texts of scripts, each with what it is called where it is wrong. */
const scripts = Effect.fnUntraced(function* (file: Option.Option<string>, faults: ReadonlyArray<string>) {
  const fromFile = yield* Option.match(file, {
    onNone: () => Effect.succeed([]),
    onSome: (path) =>
      Effect.tryPromise({
        try: async () => [{ name: path, text: await readFile(path, "utf8") }],
        catch: (cause) =>
          new CannotSimulate({
            message: `--script ${path} cannot be read: ${Predicate.isError(cause) ? cause.message : String(cause)}`
          })
      })
  })
  return [...fromFile, { name: "--fault", text: faults.join("\n") }]
})

export const simulate = make({
  name: "simulate",
  summary: "Run a simulated Binance, with scripted faults, for any consumer",
  description: [
    "Run a Binance on this machine, until Ctrl-C: WebSocket streams (/stream, /ws) and REST over one consistent market;",
    "of USD-M futures under /public and /market, each mute on the other's streams, as the exchange's.",
    "Its addresses are printed on stdout, as settings. A script has a line a fault: when, what, and `for` how long;",
    "without `for`, what lasts lasts to the end; # begins a comment. Over at once are:",
    "  cut              ends every connection without a close frame; cut 1001 with this code",
    "  freeze           leaves every connection half-open",
    "  shutdown         announces a shutdown to every connection (serverShutdown)",
    "and what lasts:",
    "  mute STREAM      sends nothing of a stream any more; REST has what is missed",
    "  drop N%          loses a part of the frames; repeat N% sends it twice",
    "  halt             nobody trades; connections and REST live on",
    "  list SYMBOL      trades another symbol; delist SYMBOL one no more (it is in BREAK)",
    "  rate N           so many trades a second",
    "  refuse STATUS    refuses new connections; hang leaves them without an answer",
    "  rest STATUS      answers REST with this status; rest slow TIME so much later"
  ].join("\n  "),
  examples: [
    ["", "Three symbols, a hundred trades a second, on port 9443"],
    ["--port 0 --rate 0 > .env", "On a free port, silent, the addresses as a .env file"],
    ["--market usdm", "The futures' side"],
    ["--fault '30s cut' --fault '45s mute btcusdt@trade for 10s'", "Connections end after 30 s; then a stream is mute"],
    ["--script faults.txt", "60s refuse 503 for 20s, 90s rest 429 for 10s, 120s shutdown: a line each"]
  ],
  exits: { 0: "interrupted" },
  flags,
  untilStopped: true,
  needs: Layer.empty,
  run: Effect.fn("simulate")(function* ({ faults, market, port, rate, script, seed, symbols }) {
    const [Simulator, Script, { FaultsInForce }] = yield* Effect.promise(() =>
      Promise.all([
        import("../../simulator/Simulator.ts"),
        import("../../simulator/Script.ts"),
        import("../../simulator/FaultsInForce.ts")
      ])
    )
    const parsed = (yield* scripts(script, faults)).map(({ name, text }) =>
      Result.mapError(Script.parse(text, symbols, markets[market]), (lines) => lines.map((line) => `${name}, ${line}`))
    )
    const wrong = parsed.flatMap((one) => (Result.isFailure(one) ? one.failure : []))
    if (wrong.length > 0) return yield* new CannotSimulate({ message: wrong.join("\n") })
    const steps = parsed.flatMap((one) => (Result.isSuccess(one) ? one.success : []))

    const inForce = new FaultsInForce()
    const simulator = yield* Simulator.make({ market, port, rate, seed, symbols, faults: inForce.combined }).pipe(
      Effect.mapError((error) =>
        Predicate.hasProperty(error.cause, "code") && error.cause.code === "EADDRINUSE"
          ? new CannotSimulate({
              message: `--port ${port}: another program listens there; --port 0 takes a free one`
            })
          : error
      )
    )
    const chosen = market === "spot" ? "" : `BINANCE_MARKET=${market}\n`
    yield* print(`${chosen}BINANCE_WS_URL=${simulator.wsUrl}\nBINANCE_REST_URL=${simulator.restUrl}`)
    say(
      `A simulated Binance (${markets[market].title}): ${symbols.join(", ")}, ${rate} trades/s, ${countText(steps.length, "scripted fault")}. Ctrl-C ends it.`
    )
    const started = simulator.now()
    const stage = {
      ...simulator,
      rate,
      enforce: (faults: Parameters<typeof inForce.add>[0]) => inForce.add(faults)
    }
    Script.play(steps, stage, ({ over, step }) =>
      say(`${((simulator.now() - started) / 1000).toFixed(1)} s: ${over ? "over: " : ""}${step.text}`)
    )
    return yield* showing(trafficLine(simulator))(Effect.never)
  }, Effect.scoped)
})
