/** A stream that is asked for under the wrong part of the address is acknowledged and mute: it must not be possible. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { MAX_STREAMS_PER_CONNECTION, place, plan, spread } from "../../src/pipeline/Subscriptions.ts"
import { usdm } from "../../src/schema/Market.ts"
import { usdmNames } from "../support/settings.ts"

const names = [...usdm.bySuffix.keys()].map((suffix) => `sym@${suffix}`).concat([...usdm.byAllMarketName.keys()])

/** As the exchange's own page lists them. */
const routeOf = (name: string): string => (/@?(bookTicker|depth)/.test(name) ? "public" : "market")

const base = new URL("wss://fstream.binance.com/stream")

describe("streams of USD-M futures", () => {
  it.prop(
    "are spread over connections of their own part of the address, each once",
    [Schema.Array(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: names.length - 1 })))],
    ([choice]) => {
      const streams = usdmNames(
        ...choice.map((index, n) => {
          const name = names[index] ?? ""
          return name.startsWith("!") ? name : name.replace("sym", `sym${n}`)
        })
      )
      const groups = spread(streams)
      for (const { route, streams } of groups) {
        assert.isNotEmpty(streams)
        const planned = plan("binance-1", base, { route, streams })
        const { inUrl, url } = planned
        const { pathname, searchParams } = new URL(url)
        const asked = [
          ...(searchParams.get("streams") ?? "").split("/"),
          ...planned.streams.slice(inUrl.length).map(({ name }) => name)
        ]
        assert.deepStrictEqual(
          asked,
          streams.map(({ name }) => name)
        )
        for (const name of asked) assert.strictEqual(pathname, `/${routeOf(name)}/stream`)
      }
      assert.sameDeepMembers(
        groups.flatMap(({ streams }) => streams),
        [...streams]
      )
    }
  )

  it("come later only to a connection of their own part of the address", () => {
    const more = usdmNames("btcusdt@aggTrade", "btcusdt@bookTicker", "ethusdt@aggTrade", "ethusdt@bookTicker")
    const { left, placed } = place(more, [
      { route: "public", room: 1 },
      { route: "market", room: 9 }
    ])
    const namesIn = (streams: typeof left) => streams.map(({ name }) => name)
    assert.deepStrictEqual(placed.map(namesIn), [["btcusdt@bookTicker"], ["btcusdt@aggTrade", "ethusdt@aggTrade"]])
    assert.deepStrictEqual(namesIn(left), ["ethusdt@bookTicker"])
  })

  it("fill a connection before another one of their part is opened", () => {
    const many = (suffix: string) =>
      usdmNames(...Array.from({ length: MAX_STREAMS_PER_CONNECTION + 1 }, (_, n) => `sym${n}usdt@${suffix}`))
    const groups = spread([...many("aggTrade"), ...many("bookTicker")])
    assert.deepStrictEqual(
      groups.map(({ route, streams }) => [route, streams.length]),
      [
        ["market", 1024],
        ["market", 1],
        ["public", 1024],
        ["public", 1]
      ]
    )
  })
})
