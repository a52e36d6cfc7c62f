/** Which form of a request a broker knows. */
import { UnsupportedApiError } from "@platformatic/kafka"

/** By the API's number. */
export type Known = ReadonlyMap<number, { readonly minVersion: number; readonly maxVersion: number }>

export interface Versioned {
  readonly api: { readonly key: number; readonly version: number }
}

/** Of these, which are in order, the first that the broker knows. */
export const newest = <V extends Versioned>(versions: ReadonlyArray<V>, known: Known): V => {
  const found = versions.find(({ api: { key, version } }) => {
    const range = known.get(key)
    return range !== undefined && range.minVersion <= version && version <= range.maxVersion
  })
  if (found !== undefined) return found
  const [{ api } = { api: { key: -1, version: -1 } }] = versions
  throw new UnsupportedApiError(`the broker knows no form of request ${api.key} that we know`)
}
