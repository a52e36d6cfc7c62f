/** For CI: a short flood of the connector and of the bare script that keeps the order too, side by side. */
import { floodOnce } from "./cells/flood.ts"
import { bareKafkajsSerial, connectors } from "./contestants/index.ts"
import type { Contestant } from "./contestants/job.ts"
import type { Lab } from "./Lab.ts"

/** Machines are shared and noisy: far below what is measured in peace. */
export const LEAST_RATIO = 0.6
const ROUNDS = 3

export interface Guarded {
  readonly isGood: boolean
  readonly text: string
}

const flood = async (lab: Lab, contestant: Contestant) => {
  const { faults, figures } = await floodOnce(lab, { contestant }, { isQuick: true })
  return { perSecond: figures.perSecond, faults }
}

/** The best of up to three rounds counts: noise makes it worse, never better. */
export const guard = async (lab: Lab, say: (text: string) => void): Promise<Guarded> => {
  const [connector] = connectors
  if (connector === undefined) throw new Error("there is no connector")
  let best = 0
  // A broker that has just started is slow, whoever comes first.
  await flood(lab, bareKafkajsSerial)
  for (let round = 1; round <= ROUNDS; round++) {
    const theirs = await flood(lab, bareKafkajsSerial)
    const ours = await flood(lab, connector)
    if (ours.faults.length > 0) return { isGood: false, text: `the connector: ${ours.faults.join(", ")}` }
    const ratio = ours.perSecond / theirs.perSecond
    best = Math.max(best, ratio)
    say(
      `round ${round}: ${Math.round(ours.perSecond)} messages a second, ${connector.name}; ${Math.round(theirs.perSecond)}, ${bareKafkajsSerial.name}; ratio ${ratio.toFixed(2)}`
    )
    if (best >= LEAST_RATIO) break
  }
  return { isGood: best >= LEAST_RATIO, text: `best ratio ${best.toFixed(2)}, at least ${LEAST_RATIO} is needed` }
}
