/** The ledger suite: `npm run faults`. Every scenario against a real Kafka, judged by the simulator's ledger. */
import process from "node:process"
import { parseArgs } from "node:util"
import { Effect, Exit } from "effect"
import { kafkaClients } from "../../src/schema/Settings.ts"
import { type Acks, execute, type Outcome } from "./execute.ts"
import { type Kafka, startOne, startThree } from "./kafka.ts"
import { head, isAsItMustBe, row } from "./report.ts"
import { type Sabotage, sabotages, type Scenario, type Size } from "./scenario.ts"
import { scenarios } from "./scenarios/index.ts"

const USAGE = `npm run faults -- [options]
  --list                 what there is
  --only a,b             these scenarios alone
  --acks 1|all|both      KAFKA_ACKS of the connector (both)
  --client name          KAFKA_CLIENT of the connector (kafkajs)
                         ${kafkaClients.join(", ")}
  --quick, --full        fewer, or more rounds
  --seed n               what happens when (1)
  --sabotage <how>|own   break a mechanism: each scenario has to fail then; own: by each of its own
                         ${sabotages.join(", ")}
`

const say = (text: string) => process.stdout.write(`${text}\n`)

const fail = (text: string): never => {
  process.stderr.write(`${text}\n\n${USAGE}`)
  process.exit(2)
}

const { values } = parseArgs({
  options: {
    list: { type: "boolean", default: false },
    only: { type: "string" },
    acks: { type: "string", default: "both" },
    client: { type: "string", default: "kafkajs" },
    quick: { type: "boolean", default: false },
    full: { type: "boolean", default: false },
    seed: { type: "string", default: "1" },
    sabotage: { type: "string" }
  }
})

const chosen = (): ReadonlyArray<Scenario> => {
  if (values.only === undefined) return scenarios
  return values.only
    .split(",")
    .map((name) => scenarios.find((one) => one.name === name) ?? fail(`--only ${name}: there is no such scenario`))
}

const acksOf = (text: string): ReadonlyArray<Acks> =>
  text === "both"
    ? ["1", "all"]
    : text === "1" || text === "all"
      ? [text]
      : fail(`--acks ${text}: expected 1, all or both`)

const client =
  kafkaClients.find((one) => one === values.client) ?? fail(`--client ${values.client}: there is no such client`)

const sabotagesOf = (scenario: Scenario): ReadonlyArray<Sabotage | undefined> => {
  const { sabotage } = values
  if (sabotage === undefined) return [undefined]
  if (sabotage === "own") return scenario.sabotages
  return [sabotages.find((one) => one === sabotage) ?? fail(`--sabotage ${sabotage}: there is no such thing`)]
}

const size: Size = values.full ? "full" : values.quick ? "quick" : "normal"
const seed = Number(values.seed)
if (!Number.isInteger(seed)) fail(`--seed ${values.seed}: expected a whole number`)

if (values.list) {
  for (const { about, name, sabotages } of scenarios) say(`${name.padEnd(24)} ${about} [${sabotages.join(", ")}]`)
  process.exit(0)
}

const runs = chosen().flatMap((scenario) =>
  acksOf(values.acks)
    .filter((acks) => scenario.acks === undefined || scenario.acks === acks)
    .flatMap((acks) => sabotagesOf(scenario).map((sabotage) => ({ scenario, acks, sabotage })))
)

const started = new Map<string, Promise<Kafka>>()
/** Started when it is first needed; a cluster of three is not kept beside anything else. */
const kafkaFor = async (kind: "one" | "three"): Promise<Kafka> => {
  for (const [other, kafka] of started) {
    if (other === kind) continue
    started.delete(other)
    await (await kafka).remove()
  }
  const kafka = started.get(kind) ?? (kind === "one" ? startOne() : startThree())
  started.set(kind, kafka)
  return kafka
}

/** Ctrl-C: what was started ends in order. */
const stopping = new AbortController()
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stopping.abort())

const began = performance.now()
const outcomes: Array<Outcome> = []
say(head)
try {
  for (const { acks, sabotage, scenario } of runs.toSorted((a, b) => rank(a.scenario) - rank(b.scenario))) {
    if (stopping.signal.aborted) break
    const kafka = await kafkaFor(scenario.kafka ?? "one")
    const options = { acks, client, kafka, seed, size, sabotage }
    const exit = await Effect.runPromiseExit(execute(scenario, options), { signal: stopping.signal })
    if (Exit.isFailure(exit)) break
    const outcome = exit.value
    outcomes.push(outcome)
    say(row(outcome))
  }
} finally {
  for (const kafka of started.values()) await (await kafka).remove()
}

function rank({ kafka }: Scenario): number {
  return kafka === "three" ? 1 : 0
}

const bad = outcomes.filter((outcome) => !isAsItMustBe(outcome))
say(
  `\n${outcomes.length} runs in ${Math.round((performance.now() - began) / 1000)} s (${client}, seed ${seed}), ${bad.length} not as they must be`
)
process.exit(bad.length === 0 && !stopping.signal.aborted ? 0 : 1)
