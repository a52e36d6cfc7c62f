/**
 * Ownership against a model: processes that freeze, wake, die and come back at any moment, a coordinator that hears of it late,
 * and a log whose broker refuses older epochs. Whatever happens, nothing is written twice, and once it is over everything has one
 * owner.
 */
import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Schema } from "effect"
import { assign } from "../../../src/pipeline/shards/assign.ts"
import * as Shards from "../../../src/pipeline/shards/Shards.ts"

const SHARDS = 5
const PROCESSES = 4

/** A partition, as far as one shard writes to it. */
interface Log {
  epoch: number
  readonly ids: Array<number>
}

/** A shard's run in a process. */
interface Run {
  /** Undefined: it has not taken over yet. */
  open: { readonly epoch: number; next: number } | undefined
  isLeaving: boolean
}

interface Process {
  name: string
  state: "gone" | "runs" | "frozen"
  /** The coordinator still believes in it. */
  isMember: boolean
  machine: Shards.Shards
  runs: Map<number, Run>
}

const Who = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: PROCESSES - 1 }))
const What = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: SHARDS - 1 }))
const Event = Schema.Struct({
  do: Schema.Literals(["start", "kill", "freeze", "wake", "expire", "divide", "open", "write", "write", "left"]),
  who: Who,
  shard: What
})

const world = () => {
  const logs: ReadonlyArray<Log> = Array.from({ length: SHARDS }, () => ({ epoch: 0, ids: [] }))
  const processes: ReadonlyArray<Process> = Array.from({ length: PROCESSES }, (_, index) => ({
    name: `p${index}`,
    state: "gone",
    isMember: false,
    machine: Shards.make(),
    runs: new Map()
  }))
  let generation = 0
  let births = 0

  const logOf = (shard: number): Log => logs[shard] ?? assert.fail("no such shard")

  const work = (process: Process, { start, stop }: Shards.Work): void => {
    for (const shard of start) {
      assert.isFalse(process.runs.has(shard), "one run of a shard at a time")
      process.runs.set(shard, { open: undefined, isLeaving: false })
    }
    for (const shard of stop) {
      const run = process.runs.get(shard) ?? assert.fail("what is stopped runs")
      run.isLeaving = true
    }
  }

  const ended = (process: Process, shard: number, end: Shards.End): void => {
    process.runs.delete(shard)
    work(process, process.machine.ended(shard, end))
  }

  const open = (process: Process, shard: number): void => {
    const run = process.runs.get(shard)
    if (process.state !== "runs" || run === undefined || run.open !== undefined || run.isLeaving) return
    const log = logOf(shard)
    log.epoch++
    run.open = { epoch: log.epoch, next: log.ids.length }
  }

  const write = (process: Process, shard: number): void => {
    const run = process.runs.get(shard)
    if (process.state !== "runs" || run?.open === undefined) return
    const log = logOf(shard)
    if (log.epoch > run.open.epoch) return ended(process, shard, "taken")
    log.ids.push(run.open.next++)
  }

  const left = (process: Process, shard: number): void => {
    if (process.state === "runs" && process.runs.get(shard)?.isLeaving === true) ended(process, shard, "left")
  }

  /** Those who can, join; those who cannot, and are not taken for gone yet, keep what they have said before. */
  const divide = (): void => {
    const members = processes.filter(({ isMember, state }) => isMember && state === "runs")
    // The coordinator waits for whoever is silent, until it takes it for gone.
    if (members.length === 0 || processes.some(({ isMember, state }) => isMember && state !== "runs")) return
    generation++
    const given = assign(
      members.map(({ machine, name }) => ({ memberId: name, ...machine.claim() })),
      SHARDS
    )
    for (const process of members) work(process, process.machine.assigned(given.get(process.name) ?? [], generation))
  }

  const act = ({ do: what, shard, who }: typeof Event.Type): void => {
    const process = processes[who] ?? assert.fail("no such process")
    if (what === "start" && process.state === "gone") {
      Object.assign(process, { name: `p${who}-${births++}`, state: "runs", isMember: true, machine: Shards.make() })
      process.runs = new Map()
    }
    if (what === "kill" && process.state !== "gone") Object.assign(process, { state: "gone", runs: new Map() })
    if (what === "freeze" && process.state === "runs") process.state = "frozen"
    // It joins again as soon as it hears that it is forgotten; what it does before is a zombie's.
    if (what === "wake" && process.state === "frozen") process.state = "runs"
    if (what === "expire" && process.state !== "runs") process.isMember = false
    if (what === "divide") {
      for (const one of processes) if (one.state === "runs") one.isMember = true
      divide()
    }
    if (what === "open") open(process, shard)
    if (what === "write") write(process, shard)
    if (what === "left") left(process, shard)
  }

  const everybody = (step: (process: Process, shard: number) => void): void => {
    for (const process of processes) for (let shard = 0; shard < SHARDS; shard++) step(process, shard)
  }

  /** No more faults: those who live do what they have to. */
  const settle = (): void => {
    for (const process of processes) {
      process.isMember = process.state !== "gone"
      if (process.state === "frozen") process.state = "runs"
    }
    for (let round = 0; round < 6; round++) {
      everybody(left)
      divide()
      everybody(open)
      everybody(write)
    }
  }

  return { act, settle, logs, processes }
}

describe("shards in a group", () => {
  it.prop(
    "are written once and in order, and each has one owner in the end",
    [Arbitrary.array(Arbitrary.schema(Event), { minLength: 20, maxLength: 150 })],
    ([events]) => {
      const { act, logs, processes, settle } = world()
      act({ do: "start", who: 0, shard: 0 })
      for (const event of events) act(event)
      act({ do: "start", who: 0, shard: 0 })
      settle()
      for (const { ids } of logs) assert.deepStrictEqual(ids, Array.from(ids.keys()))
      const live = processes.filter(({ state }) => state === "runs")
      for (const [shard, { epoch }] of logs.entries()) {
        const owners = live.filter(({ runs }) => runs.has(shard))
        assert.lengthOf(owners, 1, `shard ${shard}`)
        assert.strictEqual(owners[0]?.runs.get(shard)?.open?.epoch, epoch)
      }
      const counts = live.map(({ runs }) => runs.size)
      assert.isAtMost(Math.max(...counts) - Math.min(...counts), 1)
    },
    { arbitrary: { runs: 500 } }
  )

  it("would not be without the broker's refusal", () => {
    const { act, logs } = world()
    for (const what of ["start", "divide", "open", "write", "freeze", "expire"] as const)
      act({ do: what, who: 0, shard: 0 })
    for (const what of ["start", "divide", "open", "write"] as const) act({ do: what, who: 1, shard: 0 })
    act({ do: "wake", who: 0, shard: 0 })
    const [log] = logs
    if (log === undefined) return assert.fail("no log")
    log.epoch = 0
    act({ do: "write", who: 0, shard: 0 })
    assert.deepStrictEqual(log.ids, [0, 1, 1])
  })
})

describe("a member's shards", () => {
  it("are claimed until they are let go of", () => {
    const machine = Shards.make()
    machine.assigned([0, 1, 2], 1)
    assert.deepStrictEqual(machine.assigned([0], 2), { start: [], stop: [1, 2], rejoin: false })
    assert.deepStrictEqual(machine.claim(), { owned: [0, 1, 2], generation: 2 })
    assert.deepStrictEqual(machine.running(), [0])
    assert.isFalse(machine.ended(1, "left").rejoin)
    assert.deepStrictEqual(machine.claim().owned, [0, 2])
    assert.isTrue(machine.ended(2, "left").rejoin)
    assert.deepStrictEqual(machine.claim().owned, [0])
  })

  it("begin anew where one was given back while it was let go of", () => {
    const machine = Shards.make()
    machine.assigned([0, 1], 1)
    machine.assigned([0], 2)
    assert.deepStrictEqual(machine.assigned([0, 1], 3), { start: [], stop: [], rejoin: false })
    assert.deepStrictEqual(machine.ended(1, "left"), { start: [1], stop: [], rejoin: false })
    assert.deepStrictEqual(machine.running(), [0, 1])
  })

  it("are divided anew where others are given up though the last one that ends is given back", () => {
    const machine = Shards.make()
    machine.assigned([0, 1, 2, 3], 1)
    machine.assigned([0], 2)
    assert.deepStrictEqual(machine.assigned([0, 1], 3), { start: [], stop: [], rejoin: false })
    assert.isFalse(machine.ended(2, "left").rejoin)
    assert.isFalse(machine.ended(3, "left").rejoin)
    assert.deepStrictEqual(machine.ended(1, "left"), { start: [1], stop: [], rejoin: true })
  })

  it("are asked for anew when another process has taken one", () => {
    const machine = Shards.make()
    machine.assigned([0, 1], 1)
    assert.deepStrictEqual(machine.ended(1, "taken"), { start: [], stop: [], rejoin: true })
    assert.deepStrictEqual(machine.claim().owned, [0])
    assert.deepStrictEqual(machine.assigned([0, 1], 2).start, [1])
  })
})
