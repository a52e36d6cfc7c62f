/** Amounts for people. */

const UNITS = ["KiB", "MiB", "GiB", "TiB"]
const STEP = 1024

/** `1.5 MiB`. */
export const bytesText = (bytes: number): string => {
  let [size, unit] = [bytes, "bytes"]
  for (const larger of UNITS) {
    if (size < STEP) break
    size /= STEP
    unit = larger
  }
  return `${unit === "bytes" ? size : size.toFixed(1)} ${unit}`
}

export const countText = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`
