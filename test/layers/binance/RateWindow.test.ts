import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import * as RateWindow from "../../../src/layers/binance/RateWindow.ts"

const Small = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 20 }))
const Millis = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 400 }))
const Pauses = Arbitrary.array(Arbitrary.schema(Millis), { minLength: 1, maxLength: 120 })

/** Does as the window says; when each was done. */
const obedient = (window: RateWindow.RateWindow, pauses: ReadonlyArray<number>): ReadonlyArray<number> => {
  let now = 0
  return pauses.map((pause) => {
    now += pause
    now += window.wait(now)
    assert.strictEqual(window.wait(now), 0, "one wait is enough")
    window.took(now)
    return now
  })
}

const mostWithin = (times: ReadonlyArray<number>, within: number): number =>
  Math.max(...times.map((from) => times.filter((time) => time >= from && time < from + within).length))

describe("RateWindow", () => {
  it.prop(
    "never lets more through than the limit, however they come",
    [Schema.Tuple([Small, Millis, Millis]), Pauses],
    ([[most, within, apart], pauses]) => {
      const times = obedient(RateWindow.make({ most, within, apart }), pauses)
      assert.isAtMost(mostWithin(times, within), most)
      for (let n = 1; n < times.length; n++) assert.isAtLeast(times[n]! - times[n - 1]!, apart)
    }
  )

  it.prop(
    "lets no more through together than one alone, however many keep to it",
    [Pauses, Small],
    ([pauses, many]) => {
      const rate = { most: 20, within: 4000, apart: 10 }
      const times = Array.from({ length: many }, () =>
        obedient(
          RateWindow.make(rate, () => many),
          pauses
        )
      ).flat()
      assert.isAtMost(mostWithin(times, rate.within), rate.most)
    }
  )

  it.prop("makes nobody wait without need", [Pauses], ([pauses]) => {
    const rate = { most: 3, within: 500, apart: 100 }
    const window = RateWindow.make(rate)
    const times: Array<number> = []
    let now = 0
    for (const pause of pauses) {
      now += pause
      const wait = window.wait(now)
      if (wait > 0) {
        const sooner = [...times, now + wait - 1]
        const isClose = now + wait - 1 - times.at(-1)! < rate.apart
        assert.isTrue(isClose || mostWithin(sooner, rate.within) > rate.most)
      }
      now += wait
      window.took(now)
      times.push(now)
    }
  })

  it.prop(
    "leaves room among our control frames for the pong that the exchange may ask for at any moment",
    [Pauses, Arbitrary.array(Arbitrary.schema(Millis), { minLength: 1, maxLength: 20 })],
    ([pauses, pingPauses]) => {
      const window = RateWindow.make(RateWindow.CONTROL_FRAMES)
      // A ping a second is twenty times what the exchange sends.
      let pingAt = 0
      const pings = pingPauses.map((pause) => (pingAt += 1000 + pause))
      const ours: Array<number> = []
      const pongs: Array<number> = []
      let now = 0
      const until = (time: number) => {
        while (pings[0] !== undefined && pings[0] <= time) {
          const at = pings.shift()!
          window.took(at)
          pongs.push(at)
        }
        now = time
      }
      for (const pause of pauses) {
        until(now + pause)
        // A pong may come in between, then it waits again.
        for (let wait = window.wait(now); wait > 0; wait = window.wait(now)) until(now + wait)
        window.took(now)
        ours.push(now)
      }
      const all = [...ours, ...pongs].toSorted((a, b) => a - b)
      assert.isAtMost(mostWithin(all, 1000), 5)
      for (let n = 1; n < ours.length; n++) assert.isAtLeast(ours[n]! - ours[n - 1]!, 300)
    }
  )

  it("keeps a process that loses everything again and again below 300 attempts in 5 minutes", () => {
    const times = obedient(
      RateWindow.make(RateWindow.ATTEMPTS),
      Array.from({ length: 1000 }, () => 0)
    )
    assert.strictEqual(mostWithin(times, 300_000), 300)
    assert.isAtLeast(times[299]!, 29_900, "not all at once")
  })
})
