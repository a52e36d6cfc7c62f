/** The live page as people see it: the connector against the simulator, looked at through a real browser. */
import { AxeBuilder } from "@axe-core/playwright"
import { assert, beforeAll, afterAll, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core"
import * as Simulator from "../../../src/simulator/Simulator.ts"
import { freePort } from "../../support/http.ts"
import { describeWith, find } from "../../support/ops/found.ts"
import * as Program from "../../support/program.ts"

const SYMBOLS = ["BTCUSDT", "ETHUSDT"]

const start = Effect.fnUntraced(function* (
  options: {
    readonly symbols?: ReadonlyArray<string>
    readonly kinds?: ReadonlyArray<string>
    readonly rate?: number
    readonly port?: number
  } = {}
) {
  const { kinds = ["trade", "bookTicker"], rate = 200, symbols = SYMBOLS } = options
  const simulator = yield* Simulator.make({ symbols, rate })
  const port = options.port ?? (yield* freePort)
  const streams = symbols.flatMap((symbol) => kinds.map((kind) => `${symbol.toLowerCase()}@${kind}`))
  const program = yield* Program.start({
    BINANCE_WS_URL: simulator.wsUrl,
    BINANCE_REST_URL: simulator.restUrl,
    BINANCE_STREAMS: streams.join(","),
    RECONNECT_MAX_DELAY_SECONDS: "1",
    SINK: "local",
    DATA_DIR: ".",
    HTTP_PORT: String(port)
  })
  yield* program.says(/Data flows/)
  return { simulator, program, port, url: `http://127.0.0.1:${port}/` }
})

describeWith(find("CHROMIUM", "chromium", "chromium-browser", "google-chrome"), "the live page", (executablePath) => {
  let browser: Browser
  beforeAll(async () => {
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] })
  })
  afterAll(() => browser.close())

  /** The page, and what its console has said of errors. */
  const visit = Effect.fnUntraced(function* (url: string, options: BrowserContextOptions = {}) {
    const context = yield* Effect.acquireRelease(
      Effect.promise(() => browser.newContext(options)),
      (context) => Effect.promise(() => context.close())
    )
    const page = yield* Effect.promise(() => context.newPage())
    const errors: Array<string> = []
    page.on("pageerror", ({ message }) => errors.push(message))
    page.on("console", (said) => {
      if (said.type() === "error" || said.type() === "warning") errors.push(said.text())
    })
    yield* Effect.promise(() => page.goto(url))
    return { page, errors }
  })

  const state = (page: Page, word: string) =>
    Effect.promise(() => page.locator("#state", { hasText: new RegExp(`^${word}$`) }).waitFor())

  const textOf = (page: Page, selector: string) => Effect.promise(() => page.locator(selector).first().innerText())

  /** Completes once the text of an element is another. */
  const changes = (page: Page, selector: string, from: string) =>
    Effect.promise(() =>
      page
        .locator(selector)
        .filter({ hasNotText: new RegExp(`^${from}$`) })
        .first()
        .waitFor()
    )

  const violations = (page: Page) =>
    Effect.promise(async () => {
      const { violations } = await new AxeBuilder({ page }).analyze()
      return violations.map(({ help, id, nodes }) => `${id}: ${help}: ${nodes.map(({ html }) => html).join(" ")}`)
    })

  it.live("shows every stream and connection, and goes on by itself", () =>
    Effect.gen(function* () {
      const { url } = yield* start()
      const { errors, page } = yield* visit(url)
      yield* state(page, "OK")
      assert.strictEqual(yield* textOf(page, "#count"), "4 of 4")
      assert.match(yield* textOf(page, "#connections"), /binance-1\s+up\s+127\.0\.0\.1:\d+\s+4\s/)
      assert.match(yield* textOf(page, "#sink-title"), /local/)
      const id = "#rows tr:has-text('btcusdt@trade') td:nth-child(4)"
      const first = yield* textOf(page, id)
      assert.match(first, /^\d+$/)
      yield* changes(page, id, first)

      yield* Effect.promise(() => page.getByLabel("Filter by name").fill("eth"))
      assert.strictEqual(yield* textOf(page, "#count"), "2 of 4")
      yield* Effect.promise(() => page.getByLabel("Filter by name").fill(""))
      yield* Effect.promise(() => page.getByRole("button", { name: "Last id" }).press("Enter"))
      const sorted = yield* Effect.promise(() => page.locator("th[aria-sort]").innerText())
      assert.strictEqual(sorted, "Last id")
      assert.deepStrictEqual(errors, [])
    })
  )

  it.live("says that no data comes and why, and that it comes again, with what was missed filled in", () =>
    Effect.gen(function* () {
      const { simulator, url } = yield* start()
      const { errors, page } = yield* visit(url)
      yield* state(page, "OK")
      simulator.setFaults({ onUpgrade: () => ({ refuse: { status: 503 } }) })
      simulator.cutAll("terminate")
      yield* state(page, "Unready")
      assert.match(yield* textOf(page, "#reasons"), /No connection delivers data\s+binance-1 is down: /)
      assert.match(yield* textOf(page, "#connections"), /down for [\d.]+ s: the exchange /)
      simulator.setFaults({})
      yield* state(page, "OK")
      assert.isTrue(yield* Effect.promise(() => page.locator("#reasons").isHidden()))
      yield* Effect.promise(() => page.locator("#continuity strong", { hasText: "gap-filled" }).first().waitFor())
      yield* changes(page, "#filled", "0 filled")
      assert.deepStrictEqual(errors, [])
    })
  )

  it.live("shows what was no event", () =>
    Effect.gen(function* () {
      const { simulator, url } = yield* start()
      const { page } = yield* visit(url)
      let sent = 0
      simulator.setFaults({ onFrame: () => (sent++ === 0 ? { replaceWith: ["<b>no json</b>"] } : undefined) })
      yield* Effect.promise(() => page.locator("#letters small", { hasText: "not valid JSON" }).waitFor())
      assert.strictEqual(yield* textOf(page, "#dead"), "1")
    })
  )

  it.live("sorts by name, and its table is no taller than its rows", () =>
    Effect.gen(function* () {
      const { url } = yield* start({ symbols: ["ETHUSDT", "BTCUSDT"] })
      const { page } = yield* visit(url)
      yield* state(page, "OK")
      const names = yield* Effect.promise(() => page.locator("#rows tr:visible td:first-child").allInnerTexts())
      const shown = yield* Effect.promise(() =>
        page.locator("#rows tr:visible").evaluateAll((rows) =>
          rows
            .map((row) => [row.getBoundingClientRect().top, row.textContent] as const)
            .toSorted(([a], [b]) => a - b)
            .map(([, text]) => text)
        )
      )
      assert.lengthOf(names, 4)
      assert.deepStrictEqual(
        shown.map((text) => /^[a-z]+@[a-zA-Z]+/.exec(text)?.[0].replace(/\d.*/, "")),
        ["btcusdt@bookTicker", "btcusdt@trade", "ethusdt@bookTicker", "ethusdt@trade"]
      )
      const height = yield* Effect.promise(() => page.locator("#viewport").evaluate((node) => node.clientHeight))
      assert.isBelow(height, 5 * 33 + 34)
    })
  )

  it.live("says that nothing comes any more on a connection that seems open", () =>
    Effect.gen(function* () {
      const { simulator, url } = yield* start()
      const { page } = yield* visit(url)
      yield* state(page, "OK")
      // Long enough to know what is usual.
      yield* Effect.promise(() => page.locator("#connections td:nth-child(7)", { hasText: /^1\d s$/ }).waitFor())
      simulator.freezeAll()
      yield* state(page, "Degraded")
      assert.match(yield* textOf(page, "#reasons"), /binance-1 \(silent\): nothing was received for \d+ s/)
    })
  )

  it.live("says which stream is lost to dead letters", () =>
    Effect.gen(function* () {
      const { simulator, url } = yield* start()
      const { page } = yield* visit(url)
      yield* state(page, "OK")
      simulator.setFaults({
        onFrame: (frame) =>
          frame.stream === "ethusdt@trade" ? { replaceWith: ['{"stream":"ethusdt@trade","data":{}}'] } : undefined
      })
      yield* state(page, "Degraded")
      assert.match(yield* textOf(page, "#reasons"), /^ethusdt@trade \(dead letters\): field \w+: Missing key/)
      assert.strictEqual(yield* Effect.promise(() => page.locator("#dead").getAttribute("data-tone")), "warn")
    })
  )

  it.live("says that the connector is gone, and finds the next one", () =>
    Effect.gen(function* () {
      const { port, program, url } = yield* start()
      const { page } = yield* visit(url)
      yield* state(page, "OK")
      yield* program.signal("SIGTERM")
      yield* program.ended
      yield* state(page, "Unreachable")
      yield* start({ symbols: ["SOLUSDT"], port })
      yield* state(page, "OK")
      assert.strictEqual(yield* textOf(page, "#count"), "2 of 2")
    })
  )

  for (const [name, options] of [
    ["a wide screen", {}],
    ["a narrow one in dark mode", { viewport: { width: 390, height: 844 }, colorScheme: "dark" }]
  ] as const) {
    it.live(`has no flaw that axe knows of on ${name}, well and in trouble`, () =>
      Effect.gen(function* () {
        const { simulator, url } = yield* start()
        const { page } = yield* visit(url, options)
        yield* state(page, "OK")
        const overflow = () =>
          page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert.strictEqual(yield* Effect.promise(overflow), 0)
        assert.deepStrictEqual(yield* violations(page), [])
        simulator.setFaults({ onUpgrade: () => ({ refuse: { status: 451 } }) })
        simulator.cutAll("terminate")
        yield* state(page, "Unready")
        assert.deepStrictEqual(yield* violations(page), [])
        assert.strictEqual(yield* Effect.promise(overflow), 0)
      })
    )
  }

  it.live("has few rows in the document, however many streams there are", () =>
    Effect.gen(function* () {
      const symbols = Array.from({ length: 1000 }, (_, n) => `C${String(n).padStart(4, "0")}USDT`)
      const { url } = yield* start({ symbols, kinds: ["trade", "bookTicker", "miniTicker"], rate: 1000 })
      const { errors, page } = yield* visit(url)
      yield* state(page, "OK")
      assert.strictEqual(yield* textOf(page, "#count"), "3,000 of 3,000")
      assert.isBelow(yield* Effect.promise(() => page.locator("#rows tr").count()), 40)
      yield* Effect.promise(() => page.locator("#viewport").focus())
      yield* Effect.promise(() => page.keyboard.press("End"))
      yield* Effect.promise(() => page.locator("#rows tr:visible", { hasText: "c0999usdt@miniTicker" }).waitFor())
      assert.deepStrictEqual(errors, [])
    })
  )
})
