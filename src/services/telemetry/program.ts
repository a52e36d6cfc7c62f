/** Of the program as a whole. */
import { gauge } from "./declare.ts"

export const ready = gauge("binance_kafka_ready", "Whether /readyz answers 200: 1, else 0")
