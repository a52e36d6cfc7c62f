import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import * as Rollover from "../../../src/layers/binance/Rollover.ts"

const between = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))

/** What happens next, to one of the sockets that are there; what cannot happen is left out. */
const Event = Schema.Struct({
  pause: between(0, 3000),
  what: Schema.Literals([
    "open",
    "open",
    "subscribed",
    "subscribed",
    "live",
    "end",
    "notice",
    "renew",
    "reschedule",
    "tick",
    "tick",
    "tick",
    "tick paused",
    "tick beside a busy twin"
  ]),
  pick: between(0, 1)
})
const Events = Arbitrary.array(Arbitrary.schema(Event), { minLength: 10, maxLength: 120 })

const AGE = 20_000

interface Socket {
  readonly id: number
  state: "opening" | "open"
  openedAt: number
  subscribedAt: number | undefined
  liveAt: number | undefined
}

/** The machine against sockets that open, show data and break as the events say; checks what it commands. */
const play = (events: ReadonlyArray<typeof Event.Type>) => {
  let now = 0
  let [state, commands] = Rollover.initial
  const sockets = new Map<number, Socket>()
  /** The last time that nobody read. */
  let pausedAt = Number.NEGATIVE_INFINITY
  const rolledOver: Array<{ readonly from: number; readonly to: number; readonly reason: Rollover.Reason }> = []

  const obey = () => {
    for (const command of commands) {
      switch (command._tag) {
        case "Open":
          assert.isFalse(sockets.has(command.socket), "numbers are not used twice")
          sockets.set(command.socket, {
            id: command.socket,
            state: "opening",
            openedAt: 0,
            subscribedAt: undefined,
            liveAt: undefined
          })
          assert.isAtMost(sockets.size, 2)
          break
        case "Close": {
          const other = [...sockets.values()].find(({ id }) => id !== command.socket)
          assert.isTrue(sockets.delete(command.socket), "only what is open is closed")
          assert.strictEqual(other?.state, "open", "another one is there")
          const { liveAt, openedAt, subscribedAt } = other!
          assert.isDefined(subscribedAt, "the other is subscribed to everything")
          assert.isTrue(
            (liveAt !== undefined && now - liveAt >= Rollover.OVERLAP_MILLIS) ||
              now - subscribedAt! >= Rollover.QUIET_MILLIS,
            "it shows data, or had time to"
          )
          assert.isAtLeast(now - openedAt, Rollover.OVERLAP_MILLIS, "both were open for a while")
          assert.isAtLeast(now - pausedAt, Rollover.OVERLAP_MILLIS, "the old one was read to its end")
          break
        }
        case "RolledOver":
          rolledOver.push({ from: command.since, to: now, reason: command.reason })
          assert.isAtMost(command.since, now)
      }
    }
  }

  const happen = (event: Rollover.Event) => {
    const before = state
    ;[state, commands] = Rollover.step(state, event, now)
    obey()
    if (before._tag === "Steady" && state._tag === "Opening" && event._tag === "Tick" && event.isTwinBusy) {
      assert.notStrictEqual(state.reason, "age", "twins take turns")
    }
  }

  const tick = (isPaused = false, isTwinBusy = false) => {
    if (isPaused) pausedAt = now
    happen({ _tag: "Tick", isPaused, isTwinBusy })
  }

  obey()
  for (const { pause, pick, what } of events) {
    now += pause
    const all = [...sockets.values()]
    const socket = all[pick % all.length]
    assert.isDefined(socket, "somebody is always there or on the way")
    const { id } = socket!
    switch (what) {
      case "open":
        if (socket!.state === "open") continue
        Object.assign(socket!, { state: "open", openedAt: now })
        happen({ _tag: "Opened", socket: id, dueAt: now + AGE })
        break
      case "subscribed":
        if (socket!.state !== "open" || socket!.subscribedAt !== undefined) continue
        socket!.subscribedAt = now
        happen({ _tag: "Subscribed", socket: id })
        break
      case "live":
        if (socket!.state !== "open" || socket!.liveAt !== undefined) continue
        socket!.liveAt = now
        happen({ _tag: "Live", socket: id })
        break
      case "notice":
        if (socket!.state === "open") happen({ _tag: "ShutdownNotice", socket: id })
        break
      case "end":
        sockets.delete(id)
        happen({ _tag: "Ended", socket: id })
        break
      case "renew":
        happen({ _tag: "Renew" })
        break
      case "reschedule":
        happen({ _tag: "Rescheduled", dueAt: new Map(all.map(({ id }) => [id, now + pause])) })
        break
      default:
        tick(what === "tick paused", what === "tick beside a busy twin")
    }
  }
  return {
    sockets,
    rolledOver,
    state: () => state,
    now: () => now,
    happen,
    pass: (millis: number) => {
      now += millis
      tick()
    }
  }
}

const started = () => {
  const one = play([])
  one.happen({ _tag: "Opened", socket: 1, dueAt: AGE })
  one.happen({ _tag: "Subscribed", socket: 1 })
  one.happen({ _tag: "Live", socket: 1 })
  return one
}

const step = (state: Rollover.State, event: Rollover.Event, now: number) => Rollover.step(state, event, now)

const tick = { _tag: "Tick", isPaused: false, isTwinBusy: false } as const

describe("Rollover", () => {
  it.prop("keeps its promises whatever the sockets do", [Events], ([events]) => {
    play(events)
  })

  it.prop("ends with one good socket once all is calm, in time", [Events], ([events]) => {
    const { happen, now, pass, sockets, state } = play(events)
    // Whatever is asked for opens now and works.
    const calm = () => {
      for (const socket of sockets.values()) {
        if (socket.state === "opening") {
          Object.assign(socket, { state: "open", openedAt: now() })
          happen({ _tag: "Opened", socket: socket.id, dueAt: now() + 10 * AGE })
        }
        if (socket.subscribedAt === undefined) {
          socket.subscribedAt = now()
          happen({ _tag: "Subscribed", socket: socket.id })
        }
      }
    }
    // A replacement under way, and one that is due behind it: each has 10 s.
    for (let second = 0; second < 3 * 10; second++) {
      calm()
      pass(1000)
    }
    assert.strictEqual(state()._tag, "Steady")
    assert.strictEqual(sockets.size, 1)
  })

  it("replaces an old socket by one that shows data, both open for two seconds", () => {
    const { happen, pass, rolledOver, sockets, state } = started()
    pass(AGE - 1)
    assert.strictEqual(state()._tag, "Steady")
    pass(1)
    assert.deepStrictEqual([...sockets.keys()], [1, 2])
    happen({ _tag: "Opened", socket: 2, dueAt: 2 * AGE })
    Object.assign(sockets.get(2)!, { state: "open", openedAt: AGE, subscribedAt: AGE, liveAt: AGE })
    happen({ _tag: "Subscribed", socket: 2 })
    happen({ _tag: "Live", socket: 2 })
    pass(1999)
    assert.strictEqual(state()._tag, "Overlapping")
    pass(1)
    assert.deepStrictEqual([...sockets.keys()], [2])
    assert.deepStrictEqual(rolledOver, [{ from: AGE, to: AGE + 2000, reason: "age" }])
  })

  it("gives quiet streams five seconds from the last acknowledgement", () => {
    const [opening] = step({ _tag: "Steady", carrier: carrier(1, 0) }, { _tag: "ShutdownNotice", socket: 1 }, 0)
    const [overlapping] = step(opening, { _tag: "Opened", socket: 2, dueAt: AGE }, 100)
    assert.strictEqual(step(overlapping, tick, 60_000)[0]._tag, "Overlapping", "not acknowledged: no time is enough")
    const [subscribed] = step(overlapping, { _tag: "Subscribed", socket: 2 }, 400)
    assert.strictEqual(step(subscribed, tick, 5399)[0]._tag, "Overlapping")
    assert.strictEqual(step(subscribed, tick, 5400)[0]._tag, "Steady")
  })

  it("tries again while the old one lives, and goes on with the new one when it does not", () => {
    const [opening] = step({ _tag: "Steady", carrier: carrier(1, 0) }, { _tag: "ShutdownNotice", socket: 1 }, 0)
    const [again, commands] = step(opening, { _tag: "Ended", socket: 2 }, 1000)
    assert.deepStrictEqual(commands, [{ _tag: "Open", socket: 3, afterFailure: true }])
    assert.deepStrictEqual(step(again, { _tag: "Ended", socket: 1 }, 2000), [
      { _tag: "Connecting", next: 3, again: undefined },
      []
    ])
    const [overlapping] = step(again, { _tag: "Opened", socket: 3, dueAt: AGE }, 2000)
    const [subscribed] = step(overlapping, { _tag: "Subscribed", socket: 3 }, 2000)
    const [steady, said] = step(subscribed, { _tag: "Ended", socket: 1 }, 2500)
    assert.strictEqual(steady._tag, "Steady")
    assert.deepStrictEqual(said, [{ _tag: "RolledOver", since: 2000, reason: "shutdown-notice" }])
  })

  it("claims nothing if the old one goes before the new one is subscribed to everything", () => {
    const [opening] = step({ _tag: "Steady", carrier: carrier(1, 0) }, { _tag: "Renew" }, 0)
    const [overlapping] = step(opening, { _tag: "Opened", socket: 2, dueAt: AGE }, 100)
    const [steady, said] = step(overlapping, { _tag: "Ended", socket: 1 }, 200)
    assert.deepStrictEqual([steady._tag, said], ["Steady", []])
  })

  it("waits for a busy twin, but not with a server that goes away", () => {
    const busy = { _tag: "Tick", isPaused: false, isTwinBusy: true } as const
    const steady: Rollover.State = { _tag: "Steady", carrier: carrier(1, 0) }
    assert.strictEqual(step(steady, busy, AGE)[0]._tag, "Steady")
    assert.strictEqual(step(steady, { ...busy, isTwinBusy: false }, AGE)[0]._tag, "Opening")
    // A twin that cannot finish does not hold this one back until the exchange cuts it.
    assert.strictEqual(step(steady, busy, AGE + Rollover.TURN_MILLIS)[0]._tag, "Opening")
    assert.strictEqual(step(steady, { _tag: "ShutdownNotice", socket: 1 }, 0)[0]._tag, "Opening")
  })

  it("replaces the new one too if streams were asked for anew while it opened", () => {
    const [opening] = step({ _tag: "Steady", carrier: carrier(1, 0) }, { _tag: "Renew" }, 0)
    const [asked] = step(opening, { _tag: "Renew" }, 10)
    const [overlapping] = step(asked, { _tag: "Opened", socket: 2, dueAt: AGE }, 100)
    const [subscribed] = step(overlapping, { _tag: "Subscribed", socket: 2 }, 100)
    const [steady] = step(subscribed, tick, 5100)
    assert.strictEqual(steady._tag, "Steady")
    const [next] = step(steady, tick, 5100)
    assert.strictEqual(next._tag === "Opening" && next.reason, "renewal")
  })
})

const carrier = (id: number, since: number): Rollover.Carrier => ({ id, since, due: { at: AGE, reason: "age" } })

describe("the time of a replacement", () => {
  it("is replaced at another time when that is said anew, but for what cannot wait", () => {
    const steady = (at: number, reason: Rollover.Reason): Rollover.State => ({
      _tag: "Steady",
      carrier: { id: 1, since: 0, due: { at, reason } }
    })
    const anew: Rollover.Event = { _tag: "Rescheduled", dueAt: new Map([[1, 500]]) }
    assert.deepStrictEqual(Rollover.step(steady(AGE, "age"), anew, 100), [steady(500, "age"), []])
    assert.deepStrictEqual(Rollover.step(steady(90, "renewal"), anew, 100), [steady(90, "renewal"), []])
    const [state, commands] = Rollover.initial
    assert.deepStrictEqual(Rollover.step(state, anew, 100), [state, []])
    assert.strictEqual(commands.length, 1)
  })
})
