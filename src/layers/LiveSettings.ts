/** Settings that may change while the program runs; to begin with, those that it was started with. */
import { Effect, Layer } from "effect"
import type { Settings } from "../schema/Settings.ts"
import { AppConfig } from "../services/AppConfig.ts"
import { type Live, LiveSettings } from "../services/LiveSettings.ts"

export const liveOf = ({ binance, log }: Settings): Live => ({ logLevel: log.level, rollover: binance.rollover })

export const layer: Layer.Layer<never, never, AppConfig> = Layer.effect(
  LiveSettings,
  Effect.map(AppConfig, (settings) => {
    let current = liveOf(settings)
    return {
      read: () => current,
      set: (live: Live) => {
        current = live
      }
    }
  })
)
