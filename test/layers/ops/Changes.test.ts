import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { TestClock } from "effect/testing"
import * as Changes from "../../../src/layers/ops/Changes.ts"
import type { StatusReport, StreamReport } from "../../../src/schema/StatusReport.ts"

const stream = (name: string, events = 0): StreamReport => ({
  name,
  events,
  rate: events / 10,
  lastAt: events,
  lastId: events,
  gapsOpen: 0,
  gapsFilled: 0,
  gapsLost: 0,
  duplicates: 0,
  trouble: null
})

const report: StatusReport = {
  v: 1,
  at: 0,
  instance: "00000000",
  startedAt: 0,
  state: "ok",
  reasons: [],
  rest: null,
  troubles: [],
  sink: { name: "kafka", state: "up", detail: "Kafka answers" },
  events: 0,
  rate: 0,
  connections: [],
  streams: [stream("a@trade"), stream("b@trade")],
  kafka: null,
  spool: null,
  deadLetters: { total: 0, latest: [] },
  continuity: []
}

const start = () => {
  let current = report
  let made = 0
  const changes = Changes.make(Effect.sync(() => (made++, current)))
  return {
    set: (part: Partial<StatusReport>) => {
      current = { ...current, ...part }
    },
    made: () => made,
    since: (seen: number) =>
      Effect.map(changes.since(seen), ({ text, version }) => ({
        version,
        parts: JSON.parse(text) as Readonly<Record<string, unknown>> & { readonly rows: ReadonlyArray<unknown> }
      }))
  }
}

describe("Changes", () => {
  it.effect("begin with everything and go on with what is different", () =>
    Effect.gen(function* () {
      const { set, since } = start()
      const first = yield* since(0)
      assert.deepStrictEqual(first.parts["names"], ["a@trade", "b@trade"])
      assert.lengthOf(first.parts.rows, 2)
      assert.sameMembers(Object.keys(first.parts), [
        ...Object.keys(report).filter((name) => name !== "streams"),
        "names",
        "rows"
      ])

      yield* TestClock.adjust("1 seconds")
      set({ at: 1000, state: "degraded", streams: [stream("a@trade"), stream("b@trade", 5)] })
      const second = yield* since(first.version)
      assert.deepStrictEqual(second.parts, { at: 1000, state: "degraded", rows: [[1, 0.5, 5, 5, 0, 0, 0, null, 0]] })

      yield* TestClock.adjust("1 seconds")
      const third = yield* since(second.version)
      assert.deepStrictEqual(third.parts, { at: 1000, rows: [] })
    })
  )

  it.effect("give who has missed some all that is new to it", () =>
    Effect.gen(function* () {
      const { set, since } = start()
      const { version } = yield* since(0)
      yield* TestClock.adjust("1 seconds")
      set({ state: "unready" })
      yield* since(version)
      yield* TestClock.adjust("1 seconds")
      set({ reasons: ["x"] })
      const { parts } = yield* since(version)
      assert.deepStrictEqual(parts, { at: 0, state: "unready", reasons: ["x"], rows: [] })
    })
  )

  it.effect("are looked for once a second, however many ask", () =>
    Effect.gen(function* () {
      const { made, since } = start()
      for (let n = 0; n < 10; n++) yield* since(0)
      assert.strictEqual(made(), 1)
      yield* TestClock.adjust("1 seconds")
      for (let n = 0; n < 10; n++) yield* since(0)
      assert.strictEqual(made(), 2)
    })
  )
})
