/**
 * Preloaded into the connector: its wall clock can be set from outside. `FAULTS_CLOCK` names a file with the milliseconds that
 * `Date.now()` is off by.
 */
import { readFileSync } from "node:fs"

const RealDate = globalThis.Date
const real = RealDate.now
const file = process.env["FAULTS_CLOCK"]
let offset = 0

const look = () => {
  try {
    offset = Number(readFileSync(file, "utf8")) || 0
  } catch {
    offset = 0
  }
}

if (file !== undefined) {
  look()
  setInterval(look, 50).unref()
  RealDate.now = () => real() + offset
  globalThis.Date = class extends RealDate {
    constructor(...args) {
      if (args.length === 0) super(real() + offset)
      else super(...args)
    }
    static now() {
      return real() + offset
    }
  }
}
