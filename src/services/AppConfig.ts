/** The program's settings, checked before anything is opened. Layers: `layers/AppConfig`. */
import { Context, type Effect, Schema } from "effect"
import type { Settings } from "../schema/Settings.ts"

/** Every fault at once, a line each: the variable, its value, what is expected, an example. */
export class SettingsError extends Schema.TaggedError<SettingsError>()("SettingsError", {
  faults: Schema.Array(Schema.String),
  /** What may explain them: mistyped names. */
  notices: Schema.Array(Schema.String)
}) {
  override get message() {
    const count = `${this.faults.length} bad setting${this.faults.length === 1 ? "" : "s"}:`
    return [count, ...[...this.faults, ...this.notices].map((line) => `  ${line}`)].join("\n")
  }
}

export class AppConfig extends Context.Service<AppConfig, Settings>()("binance-kafka/services/AppConfig") {}

/** Reads the settings anew, from where they came; `undefined`: they came from nowhere that could change. */
export class Reread extends Context.Reference<Effect.Effect<Settings, SettingsError> | undefined>(
  "binance-kafka/services/AppConfig/Reread",
  { defaultValue: () => undefined }
) {}
