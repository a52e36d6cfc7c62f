import { assert, describe, it } from "@effect/vitest"
import { Result } from "effect"
import { markets } from "../../src/schema/Market.ts"
import { Agenda } from "../../src/simulator/Agenda.ts"
import { FaultsInForce } from "../../src/simulator/FaultsInForce.ts"
import { Frame } from "../../src/simulator/Frame.ts"
import { parse, play } from "../../src/simulator/Script.ts"
import { type Stage, verbs } from "../../src/simulator/scriptVerbs.ts"

const SYMBOLS = ["BTCUSDT", "ETHUSDT"]

const request = { url: "/stream", remoteAddress: "127.0.0.1" }
const question = { method: "GET", path: "/api/v3/trades", parameters: new Map(), remoteAddress: "127.0.0.1" }
const connection = { id: 1, url: "/stream", sent: 1, streams: new Set<string>() }

/** Plays a script, and gives what has happened by a moment. */
const playing = (script: string) => {
  const agenda = new Agenda()
  const inForce = new FaultsInForce()
  const done: Array<string> = []
  let now = 0
  const stage: Stage = {
    cutAll: (how) => done.push(`cut ${typeof how === "string" ? how : how.code}`),
    freezeAll: () => done.push("freeze"),
    pause: () => done.push("pause"),
    resume: () => done.push("resume"),
    mute: (stream) => done.push(`mute ${stream}`),
    unmute: (stream) => done.push(`unmute ${stream}`),
    setRate: (rate) => done.push(`rate ${rate}`),
    shutdownNotice: () => done.push("shutdown"),
    list: (symbol) => done.push(`list ${symbol}`),
    delist: (symbol) => done.push(`delist ${symbol}`),
    rate: 100,
    enforce: (faults) => inForce.add(faults),
    later: (millis, action) => agenda.at(now + millis, action)
  }
  const said: Array<string> = []
  play(Result.getOrThrow(parse(script, SYMBOLS)), stage, ({ over, step }) =>
    said.push(`${over ? "over: " : ""}${step.text}`)
  )
  return {
    done,
    said,
    faults: inForce.combined,
    until: (millis: number) => {
      // As the simulator ticks.
      for (; now <= millis; now += 10) agenda.tick(now)
    }
  }
}

const faultsOf = (script: string): ReadonlyArray<string> =>
  Result.match(parse(script, SYMBOLS), { onFailure: (faults) => faults, onSuccess: () => [] })

describe("a script of faults", () => {
  it("does each thing when it is due, and takes back what lasts", () => {
    const { done, said, until } = playing(`
      # all in one
      1s     cut
      2s     cut 1001        # with a close frame
      2500ms freeze
      3s     mute BTCUSDT@trade for 1s
      1m30s  rate 5000 for 2s
      2m     halt for 500ms
      2m1s   shutdown
    `)
    until(999)
    assert.deepStrictEqual(done, [])
    until(3500)
    assert.deepStrictEqual(done, ["cut terminate", "cut 1001", "freeze", "mute btcusdt@trade"])
    until(130_000)
    assert.deepStrictEqual(done.slice(4), [
      "unmute btcusdt@trade",
      "rate 5000",
      "rate 100",
      "pause",
      "resume",
      "shutdown"
    ])
    assert.deepStrictEqual(said.slice(3, 5), ["mute BTCUSDT@trade for 1s", "over: mute BTCUSDT@trade for 1s"])
  })

  it("holds faults in force beside each other", () => {
    const { faults, until } = playing("1s refuse 503 for 2s\n2s hang\n2s rest 429 for 1s\n4s rest slow 1500ms")
    assert.isUndefined(faults.onUpgrade?.(request))
    until(2000)
    assert.deepStrictEqual(faults.onUpgrade?.(request), { refuse: { status: 503, headers: {} } })
    assert.deepStrictEqual(faults.onRest?.(question)?.answer?.headers, { "Retry-After": "1" })
    until(3000)
    assert.strictEqual(faults.onUpgrade?.(request), "hang")
    assert.isUndefined(faults.onRest?.(question))
    until(4000)
    assert.deepStrictEqual(faults.onRest?.(question), { delayMillis: 1500 })
  })

  it("drops and repeats a part of the frames", () => {
    const { faults, until } = playing("0s drop 10%\n10s repeat 100%")
    until(0)
    const frame = new Frame("btcusdt@trade", "{}")
    const verdicts = Array.from({ length: 1000 }, () => faults.onFrame?.(frame, connection))
    assert.approximately(verdicts.filter((verdict) => verdict !== undefined).length, 100, 40)
    until(10_000)
    assert.isTrue(
      Array.from({ length: 50 }, () => faults.onFrame?.(frame, connection)).every((one) => one !== undefined)
    )
  })

  it.each([
    ["cut", 'line 1: "cut" is no time: a line begins with a time such as 30s, 1m30s or 500ms'],
    ["\n\n30s", "line 3: nothing follows the time: expected one of cut, freeze"],
    ["5s mut btcusdt@trade", 'line 1: "mut" is no fault; cut or mute may be meant'],
    ["5s constructor", 'line 1: "constructor" is no fault'],
    ["5s mute btcusdt", "line 1: mute takes a stream of BTCUSDT, ETHUSDT, such as: 45s mute btcusdt@aggTrade for 10s"],
    ["5s mute bnbusdt@trade", "line 1: mute takes a stream of"],
    ["5s cut for 3s", 'line 1: cut is over at once: it takes no "for"'],
    ["5s cut 99", "line 1: cut takes nothing, or a close code from 1000 to 4999"],
    ["5s hang for ever", 'line 1: "for" takes a time'],
    ["5s hang for", 'line 1: "for" takes a time'],
    ["5s drop 0%", "line 1: drop takes a part of the frames"],
    ["5s refuse 200", "line 1: refuse takes a status from 400 to 599"],
    ["5s rest slow", "line 1: rest takes a status from 400 to 599, or slow and a time"],
    ["5s halt now", "line 1: halt takes nothing else"]
  ])("says the line and what is wrong: %j", (script, message) => {
    const faults = faultsOf(script)
    assert.lengthOf(faults, 1)
    assert.include(faults[0], message)
  })

  it.each(Object.values(markets))("shows examples that can be played, of $title", (market) => {
    for (const { example } of Object.values(verbs)) assert.isTrue(Result.isSuccess(parse(example, SYMBOLS, market)))
  })

  it("says everything that is wrong at once", () => {
    assert.deepStrictEqual(
      faultsOf("1s cut\r\nnow\r\n2s nothing\r\n").map((fault) => fault.slice(0, 7)),
      ["line 2:", "line 3:"]
    )
  })
})
