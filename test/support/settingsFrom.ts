/** The settings that the program makes of what somebody wrote, or its faults. */
import { Effect, type Layer } from "effect"
import * as AppConfigLayer from "../../src/layers/AppConfig.ts"
import { AppConfig, type SettingsError } from "../../src/services/AppConfig.ts"

export type Written = Readonly<Record<string, string>>

export const settingsIn = <E>(layer: Layer.Layer<AppConfig, E>) => Effect.provide(AppConfig, layer)

export const settingsFrom = (written: Written) => settingsIn(AppConfigLayer.layerFromRecord(written))

export const faultsOf = <A, R>(settings: Effect.Effect<A, SettingsError, R>) =>
  Effect.map(Effect.flip(settings), ({ faults }) => faults)
