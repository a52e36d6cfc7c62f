/** Faults of the exchange's REST side, each with something to fetch from it. */
import { Effect } from "effect"
import { drop, type Faults, type RestVerdict } from "../../../src/simulator/Faults.ts"
import { pause, type Scenario, until } from "../scenario.ts"

type OnRest = NonNullable<Faults["onRest"]>

/** Something is lost while REST is as it is; it is well again when it has been asked often enough. */
const scenario = (
  name: string,
  about: string,
  options: { readonly asked: number; readonly verdict: (n: number) => RestVerdict | undefined } & Pick<
    Scenario,
    "simulator"
  >
): Scenario => ({
  name,
  about,
  sabotages: ["history"],
  ...(options.simulator === undefined ? {} : { simulator: options.simulator }),
  settleSeconds: 120,
  run: ({ simulator }) =>
    Effect.gen(function* () {
      let asked = 0
      const onRest: OnRest = () => options.verdict(++asked)
      simulator.setFaults({ onRest, onFrame: () => drop })
      yield* pause(800)
      simulator.setFaults({ onRest })
      yield* until(() => asked >= options.asked, `${options.asked} questions`, 120_000)
      simulator.setFaults({})
    })
})

export const rest: ReadonlyArray<Scenario> = [
  scenario("rest-429", "REST answers 429 with Retry-After", {
    asked: 3,
    verdict: () => ({
      answer: {
        status: 429,
        headers: { "Retry-After": "2" },
        body: '{"code":-1003,"msg":"Too much request weight used"}'
      }
    })
  }),
  scenario("rest-418", "REST bans the address for 5 s", {
    asked: 1,
    verdict: () => ({
      answer: { status: 418, headers: { "Retry-After": "5" }, body: '{"code":-1003,"msg":"IP banned"}' }
    })
  }),
  scenario("rest-5xx", "REST answers 500, 502, 503, 504", {
    asked: 8,
    verdict: (n) => ({ answer: { status: [500, 502, 503, 504][n % 4] ?? 500, body: "<html>no</html>" } })
  }),
  scenario("rest-slow", "REST takes 3 s for each answer, or gives none", {
    asked: 5,
    verdict: (n) => ({ delayMillis: n % 3 === 0 ? 60_000 : 3000 })
  }),
  scenario("rest-partial", "REST's answers break off, or are no JSON", {
    asked: 8,
    verdict: (n) =>
      n % 3 === 0
        ? { answer: { status: 200, body: "[{" } }
        : n % 3 === 1
          ? { truncateAt: 40 }
          : { answer: { status: 200, body: '[{"id":1}]' } }
  }),
  scenario("rest-lagging", "REST is 3 s behind the streams", {
    asked: 8,
    verdict: () => ({ lagMillis: 3000 })
  })
]
