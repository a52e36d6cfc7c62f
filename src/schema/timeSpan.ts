/** Spans of time as people write them on a command line: `500ms`, `30s`, `1m30s`, `2h`. */

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

export const TIME_SPANS = "500ms, 30s, 1m30s or 2h"

/** In ms; `undefined` if it is none. */
export const parseTimeSpan = (text: string): number | undefined =>
  /^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)
    ? [...text.matchAll(/([\d.]+)(ms|s|m|h)/g)].reduce(
        (sum, [, number, unit = ""]) => sum + Number(number) * (UNITS[unit] ?? 0),
        0
      )
    : undefined
