/** What the REST sides of the markets differ in. */
import type { MarketName } from "../../../schema/StreamKind.ts"

export interface Api {
  /** Before the name of every endpoint. */
  readonly path: string
  /** The weight that it allows an address in a minute, until it says so itself. */
  readonly weightPerMinute: number
  /** One request for the symbols, for some as for all; not every market can be asked for some. */
  readonly exchangeInfo: { readonly weight: number; readonly takesSymbols: boolean }
  /** What the last 24 hours of all symbols weigh. */
  readonly turnovers: { readonly weight: number; readonly parameters: Readonly<Record<string, string>> }
}

export const apis: Readonly<Record<MarketName, Api>> = {
  spot: {
    path: "/api/v3",
    weightPerMinute: 6000,
    exchangeInfo: { weight: 20, takesSymbols: true },
    turnovers: { weight: 80, parameters: { type: "MINI" } }
  },
  usdm: {
    path: "/fapi/v1",
    weightPerMinute: 2400,
    exchangeInfo: { weight: 1, takesSymbols: false },
    turnovers: { weight: 40, parameters: {} }
  }
}
