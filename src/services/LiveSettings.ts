/**
 * Those settings that may change while the program runs, as they are now: read when they are needed, never kept. Layer:
 * `layers/LiveSettings` (it is memory by nature); without one they stay as they were at the start.
 */
import { Context } from "effect"
import type { RolloverSettings, Settings } from "../schema/Settings.ts"

export interface Live {
  readonly logLevel: Settings["log"]["level"]
  readonly rollover: RolloverSettings
}

export interface LiveSettingsService {
  readonly read: () => Live
  readonly set: (live: Live) => void
}

export class LiveSettings extends Context.Reference<LiveSettingsService | undefined>(
  "binance-kafka/services/LiveSettings",
  { defaultValue: () => undefined }
) {}
