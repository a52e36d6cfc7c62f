/** Two markets side by side: what is of the one is never taken for the other's. */
import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import * as Audit from "../../src/pipeline/Audit.ts"
import * as Certificate from "../../src/pipeline/Certificate.ts"
import * as ContinuityRecord from "../../src/pipeline/ContinuityRecord.ts"
import * as Decoder from "../../src/pipeline/Decoder.ts"
import * as Records from "../../src/pipeline/Records.ts"
import * as Repair from "../../src/pipeline/Repair.ts"
import * as Sequenced from "../../src/pipeline/Sequenced.ts"
import { identify } from "../../src/layers/spool/identity.ts"
import { restamped } from "../../src/layers/kafka/restamped.ts"
import { Envelope } from "../../src/schema/Envelope.ts"
import type { SinkRecord } from "../../src/schema/SinkRecord.ts"
import type { StreamName } from "../../src/schema/StreamName.ts"
import { KafkaError } from "../../src/services/KafkaDriver.ts"
import { prettyLine } from "../../src/cli/tail/pretty.ts"
import { viewOf } from "../../src/cli/tail/view.ts"
import { taughtText } from "../schema/kinds/samples.ts"
import { streamNames, usdmNames } from "../support/settings.ts"

const receivedAt = 1_795_402_806_600
const frame = (stream: string, json: string) => ({
  bytes: Buffer.from(`{"stream":"${stream}","data":${json}}`),
  receivedAt
})
const futures = (kind: string) => taughtText(`usdm/${kind}`)
const spotAggTrade = taughtText("aggTrade")
const decodeEnvelope = Schema.decodeUnknownSync(Schema.fromJsonString(Envelope))
const textOf = ({ value }: SinkRecord) => new TextDecoder().decode(value)

const recordsOf = (streams: ReadonlyArray<StreamName>, ...frames: ReadonlyArray<readonly [string, string]>) => {
  const { events, rejections } = Decoder.make(streams)(frames.map(([stream, json]) => frame(stream, json)))
  assert.deepStrictEqual(rejections, [])
  return events.map(Records.make(new Map()))
}

const [mine] = recordsOf(usdmNames("ethusdt@aggTrade"), ["ethusdt@aggTrade", futures("aggTrade")])
const [theirs] = recordsOf(streamNames("ethusdt@aggTrade"), ["ethusdt@aggTrade", spotAggTrade])

describe("a record", () => {
  it("of futures says so; of spot it is as it was", () => {
    assert.include(textOf(mine!), '"source":"binance","market":"usdm","data_version":"v1"')
    assert.strictEqual(decodeEnvelope(textOf(mine!)).market, "usdm")
    assert.notInclude(textOf(theirs!), "market")
    assert.deepStrictEqual(
      [mine!, theirs!].map(({ headers, topic }) => [topic, headers["event-id"]]),
      [
        ["raw_usdm_agg_trades", "binance:usdm:aggTrade:ETHUSDT:2800012345"],
        ["raw_agg_trades", "binance:spot:aggTrade:ETHUSDT:1987654321"]
      ]
    )
  })

  it("of the continuity topic, too", () => {
    const statement = {
      type: "gap-opened",
      stream: "a@aggTrade",
      symbol: "A",
      from: 1,
      to: 2,
      reason: "",
      late: false
    } as const
    const say = (market: "spot" | "usdm") =>
      ContinuityRecord.make({ market, topic: "continuity", instance: "i", at: 3 }, statement)
    assert.strictEqual(JSON.parse(textOf(say("usdm"))).market, "usdm")
    assert.notProperty(JSON.parse(textOf(say("spot"))), "market")
    assert.match(say("usdm").headers["event-id"] ?? "", /^binance:usdm:continuity:/)
  })

  it("is a place in the sequence of its own market's stream alone", () => {
    const read = {
      usdm: Sequenced.make(usdmNames("ethusdt@aggTrade")),
      spot: Sequenced.make(streamNames("ethusdt@aggTrade"))
    }
    assert.strictEqual(read.usdm(mine!)?.last, 2800012345)
    assert.strictEqual(read.spot(theirs!)?.last, 1987654321)
    assert.isUndefined(read.usdm(theirs!))
    assert.isUndefined(read.spot(mine!))
  })

  it("is known in the spool, and keeps its time where its order matters", () => {
    assert.deepInclude(identify(mine!), { stream: "ethusdt@aggTrade", first: 2800012345, replayable: true })
    const [depth] = recordsOf(usdmNames("ethusdt@depth@500ms"), ["ethusdt@depth@500ms", futures("depth")])
    assert.deepInclude(identify(depth!), { first: 61230045401, last: 61230045512, replayable: false })
    const error = new KafkaError({ kind: "Refused", message: "INVALID_TIMESTAMP" })
    for (const record of [mine!, depth!]) assert.isUndefined(restamped(record, error, 1))
    const [order] = recordsOf(usdmNames("ethusdt@forceOrder"), ["ethusdt@forceOrder", futures("forceOrder")])
    assert.strictEqual(restamped(order!, error, 1)?.timestamp, 1)
  })

  it("is shown by the names of its own market's fields", () => {
    const [mark] = recordsOf(usdmNames("ethusdt@markPrice"), ["ethusdt@markPrice", futures("markPrice")])
    assert.include(prettyLine(viewOf({ ...mark!, partition: 0, offset: 0 })), "mark=2890.95120000")
    const [partial] = recordsOf(usdmNames("ethusdt@depth5"), ["ethusdt@depth5", futures("partialDepth")])
    assert.include(prettyLine(viewOf({ ...partial!, partition: 0, offset: 0 })), "bid=2891.16")
  })
})

describe("rows of COIN-M", () => {
  const coinM = (json: string) => json.replaceAll("ETHUSDT", "ETHUSD_PERP").replace('"st":1', '"st":2')

  it("are passed over in the streams of every symbol, whatever they hold", () => {
    const rows = [futures("ticker"), coinM(futures("ticker")), '{"st":2,"shape":"another"}']
    const records = recordsOf(
      usdmNames("!ticker@arr", "!bookTicker", "!forceOrder@arr"),
      ["!ticker@arr", `[${rows.join(",")}]`],
      ["!bookTicker", futures("bookTicker")],
      ["!bookTicker", coinM(futures("bookTicker"))],
      ["!forceOrder@arr", futures("forceOrder")],
      ["!forceOrder@arr", '{"e":"forceOrder","ps":"ETHUSD","st":2}']
    )
    assert.deepStrictEqual(
      records.map(({ headers, key }) => [headers["event-id"]?.split(":")[2], key]),
      [
        ["!ticker@arr", "ETHUSDT"],
        ["!bookTicker", "ETHUSDT"],
        ["!forceOrder@arr", "ETHUSDT"]
      ]
    )
  })

  it("are a dead letter in the stream of one symbol: it would be mute, and nobody would know why", () => {
    const { events, rejections } = Decoder.make(usdmNames("ethusd_perp@ticker"))([
      frame("ethusd_perp@ticker", coinM(futures("ticker")))
    ])
    assert.deepStrictEqual(
      [events.length, rejections.map(({ field, reason }) => [field, reason])],
      [0, [["st", "the payload is of another market"]]]
    )
  })
})

describe("an audit", () => {
  const depth = (pu: number, u: number) =>
    futures("depth").replace(/"U":\d+,"u":\d+,"pu":\d+/, `"U":${pu + 3},"u":${u},"pu":${pu}`)

  it("follows the order book by the last update of the event before", () => {
    const audit = Audit.make()
    const name = "ethusdt@depth@100ms"
    for (const record of recordsOf(
      usdmNames(name),
      [name, depth(10, 20)],
      [name, depth(20, 30)],
      [name, depth(35, 40)]
    )) {
      audit.add(record)
    }
    const [series] = audit.report().series
    assert.deepInclude(series, { market: "usdm", stream: "depth@100ms", records: 3, replayable: false })
    assert.deepStrictEqual(series?.holes, [{ first: 31, last: 35, reason: "unknown" }])
  })

  it("keeps the markets apart even in one topic, and a repair fills its own alone", () => {
    const audit = Audit.make()
    const [next] = recordsOf(usdmNames("ethusdt@aggTrade"), [
      "ethusdt@aggTrade",
      futures("aggTrade").replace("2800012345", "2800012348")
    ])
    for (const record of [mine!, theirs!, next!]) audit.add({ ...record, topic: "tape" })
    const report = audit.report()
    assert.deepStrictEqual(report.unreadable, [])
    assert.deepStrictEqual(
      report.series.map(({ first, holes, last, market }) => [market, first, last, holes.length]),
      [
        ["usdm", 2800012345, 2800012348, 1],
        ["spot", 1987654321, 1987654321, 0]
      ]
    )
    const plan = Repair.plan(report.series, ({ kind }) => kind.market === "spot")
    assert.isEmpty(plan.tasks)
    assert.lengthOf(plan.beyond, 1)
    const [task] = Repair.plan(report.series, () => true).tasks
    assert.strictEqual(task?.stream.kind.market, "usdm")
  })

  it("calls a record unreadable that says another market than its event-id", () => {
    const audit = Audit.make()
    audit.add({ ...mine!, headers: { ...mine!.headers, "event-id": "binance:spot:aggTrade:ETHUSDT:2800012345" } })
    assert.match(audit.report().unreadable[0]?.reason ?? "", /the market is usdm, the event-id's spot/)
  })

  it("certifies the market", () => {
    const audit = Audit.make()
    audit.add(mine!)
    audit.add(theirs!)
    const certificate = Certificate.make({ ...audit.report(), at: 0, topics: [], continuity: [], absent: [] })
    assert.deepStrictEqual(
      certificate.series.map(({ market, topic }) => [topic, market]),
      [
        ["raw_agg_trades", undefined],
        ["raw_usdm_agg_trades", "usdm"]
      ]
    )
  })
})
