/** What is wrong with a stream's name, in words that help: what was probably meant, or else what there is. */
import type { Advice } from "./Market.ts"
import { nearest } from "./nearest.ts"

/** A second stream's @ behind what separates the two. */
const OTHER_SEPARATOR = /[;|\s][^@]*[^@;|\s]@/

const adviceFor = (text: string, known: Advice): string | undefined =>
  known.find(([pattern]) => pattern.test(text))?.[1]

const didYouMean = (names: ReadonlyArray<string>): string => `did you mean ${names.join(" or ")}?`

/** The word that a suffix begins with, which several have in common: `kline` of `kline_1m`, `depth` of `depth20@100ms`. */
const headOf = (suffix: string): string => /^[A-Za-z]*/.exec(suffix)?.[0] ?? ""

const sameButForCase = (text: string, names: ReadonlyArray<string>): ReadonlyArray<string> =>
  names.filter((name) => name.toLowerCase() === text.toLowerCase())

/** `kline_1s, kline_1m, …, each also with @+08:00`. */
const listForms = (suffixes: ReadonlyArray<string>): string => {
  const split = suffixes.map((suffix) => suffix.split("@", 2))
  const bases = [...new Set(split.map(([base]) => base))]
  const options = [...new Set(split.flatMap(([, option]) => (option === undefined ? [] : [`@${option}`])))]
  return [bases.join(", "), ...(options.length === 0 ? [] : [`each also with ${options.join(", ")}`])].join(", ")
}

/** Of what stands after `<symbol>@`, where it is none of the `suffixes` that there are. */
export const suffixFault = (symbol: string, suffix: string, suffixes: ReadonlyArray<string>, known: Advice): string => {
  const problem = `${JSON.stringify(suffix)} is no stream kind`
  if (OTHER_SEPARATOR.test(suffix))
    return `${problem}: separate streams by commas, for example btcusdt@${suffixes[0]},ethusdt@${suffixes[0]}`
  const advice = adviceFor(suffix, known)
  if (advice !== undefined) return `${problem}: ${advice}`

  const named = (names: ReadonlyArray<string>) => names.map((name) => `${symbol}@${name}`)
  const wrongCase = sameButForCase(suffix, suffixes)
  if (wrongCase.length > 0) return `${problem}: ${didYouMean(named(wrongCase))} Case matters after the @`

  const head = headOf(suffix)
  const forms = suffixes.filter((one) => headOf(one) === head)
  if (forms.length > 1) return `${problem}: expected one of ${listForms(forms)}, for example ${symbol}@${forms[0]}`

  const close = nearest(suffix, suffixes)
  if (close.length > 0) return `${problem}: ${didYouMean(named(close))}`
  return `${problem}: expected one such as ${oneOfEach(suffixes).join(", ")}, for example ${symbol}@${suffixes[0]}`
}

/** The first form under each head: `kline_1s` stands for all candles. */
const oneOfEach = (suffixes: ReadonlyArray<string>): ReadonlyArray<string> =>
  suffixes.filter((suffix, index) => suffixes.findIndex((other) => headOf(other) === headOf(suffix)) === index)

/** Of a name that begins with `!`, where it is none of the `names` that there are. */
export const allMarketFault = (text: string, names: ReadonlyArray<string>, known: Advice): string => {
  const problem = `${JSON.stringify(text)} is no stream of all symbols`
  const advice = adviceFor(text, known)
  if (advice !== undefined) return `${problem}: ${advice}`
  const wrongCase = sameButForCase(text, names)
  return wrongCase.length > 0
    ? `${problem}: ${didYouMean(wrongCase)} Case matters here`
    : `${problem}: expected one of ${names.join(", ")}`
}
