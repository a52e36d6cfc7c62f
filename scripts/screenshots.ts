/**
 * The pictures of the live page in `docs/images/`: `npm run screenshots`. The connector runs against the simulator and a real
 * Kafka; needs Chromium (on the PATH, or named by `CHROMIUM`).
 */
import { mkdirSync } from "node:fs"
import process from "node:process"
import { fileURLToPath } from "node:url"
import { NodeRuntime } from "@effect/platform-node"
import { Data, Effect } from "effect"
import { chromium, type Page } from "playwright-core"
import { drop } from "../src/simulator/Faults.ts"
import * as Simulator from "../src/simulator/Simulator.ts"
import { freePort } from "../test/support/http.ts"
import { type Broker, startBroker } from "../test/support/kafka/broker.ts"
import { find } from "../test/support/ops/found.ts"
import * as Program from "../test/support/program.ts"

class NoChromium extends Data.TaggedError("NoChromium") {
  override readonly message = "there is no Chromium: install one, or name it by CHROMIUM"
}

const FOLDER = fileURLToPath(new URL("../docs/images/", import.meta.url))
const SYMBOLS = ["BTCUSDT", "ETHUSDT", "BNBUSDT", "SOLUSDT", "XRPUSDT", "DOGEUSDT"]
const KINDS = ["trade", "aggTrade", "kline_1m", "bookTicker", "ticker"]
const MANY = 1000
const MANY_KINDS = ["trade", "bookTicker", "miniTicker"]

const desktop = { width: 1280, height: 960 }
const phone = { width: 390, height: 844 }

const browser = Effect.acquireRelease(
  Effect.gen(function* () {
    const executablePath = find("CHROMIUM", "chromium", "chromium-browser", "google-chrome")
    if (executablePath === undefined) return yield* new NoChromium()
    return yield* Effect.promise(() => chromium.launch({ executablePath, args: ["--no-sandbox"] }))
  }),
  (browser) => Effect.promise(() => browser.close())
)

const kafka = Effect.acquireRelease(
  Effect.promise(() => startBroker()),
  (broker) => Effect.promise(() => broker.remove())
)

/** The connector on so many streams; the address of its page. */
const connector = Effect.fnUntraced(function* (
  broker: Broker,
  symbols: ReadonlyArray<string>,
  kinds: ReadonlyArray<string>,
  rate: number
) {
  const simulator = yield* Simulator.make({ symbols, rate, history: 2000, keepTrades: 100_000 })
  const port = yield* freePort
  const streams = symbols.flatMap((symbol) => kinds.map((kind) => `${symbol.toLowerCase()}@${kind}`))
  const program = yield* Program.start({
    BINANCE_WS_URL: simulator.wsUrl,
    BINANCE_REST_URL: simulator.restUrl,
    BINANCE_STREAMS: streams.join(","),
    KAFKA_BOOTSTRAP_SERVERS: broker.bootstrap,
    HTTP_PORT: String(port),
    DATA_DIR: ".",
    TOPIC_PREFIX: `${symbols.length}_`
  })
  yield* program.says(/Data flows/)
  return { simulator, url: `http://127.0.0.1:${port}/` }
})

const view = Effect.fnUntraced(function* (url: string, viewport: typeof desktop, colorScheme: "light" | "dark") {
  const opened = yield* browser
  const page = yield* Effect.promise(() => opened.newPage({ viewport, colorScheme }))
  yield* Effect.promise(() => page.goto(url))
  return page
})

const shoot = Effect.fnUntraced(function* (page: Page, name: string, fullPage = true) {
  const path = `${FOLDER}live-${name}.png`
  yield* Effect.promise(() => page.screenshot({ path, fullPage }))
  process.stdout.write(`${path}\n`)
})

const until = (page: Page, text: string) => Effect.promise(() => page.getByText(text).first().waitFor())

const pictures = Effect.gen(function* () {
  mkdirSync(FOLDER, { recursive: true })
  const broker = yield* kafka
  yield* Effect.gen(function* () {
    const { simulator, url } = yield* connector(broker, SYMBOLS, KINDS, 300)
    const page = yield* view(url, desktop, "light")
    const narrow = yield* view(url, phone, "dark")
    // A gap that is filled, so that there is something to see.
    let dropped = 0
    simulator.setFaults({
      onFrame: ({ payload }) => {
        if (String(payload).includes("ethusdt@trade") && dropped++ < 2) return drop
        return undefined
      }
    })
    yield* Effect.sleep("40 seconds")
    yield* until(page, "OK")
    yield* shoot(page, "calm")
    yield* shoot(narrow, "narrow-dark")
    yield* Effect.promise(() => broker.kill())
    yield* until(page, "Unready")
    yield* Effect.sleep("12 seconds")
    yield* shoot(page, "kafka-outage")
    yield* Effect.promise(() => broker.start())
  }).pipe(Effect.scoped)
  yield* Effect.gen(function* () {
    const symbols = Array.from({ length: MANY }, (_, n) => `C${String(n + 1).padStart(4, "0")}USDT`)
    const { url } = yield* connector(broker, symbols, MANY_KINDS, 2000)
    const page = yield* view(url, desktop, "light")
    yield* Effect.sleep("25 seconds")
    yield* Effect.promise(() => page.locator("#viewport").evaluate((viewport) => void viewport.scrollTo(0, 50_000)))
    yield* Effect.sleep("2 seconds")
    yield* shoot(page, "3000-streams")
  }).pipe(Effect.scoped)
}).pipe(Effect.scoped)

NodeRuntime.runMain(pictures)
