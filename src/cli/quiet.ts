/** The settings and the log of commands that show how far they are: only what needs attention is logged, unless the settings ask for more. */
import { Layer } from "effect"
import { load } from "./Command.ts"

export const QUIET = { LOG_LEVEL: "WARNING" } as const

export const Quiet = load(() => import("../layers/Logging.ts")).pipe(
  Layer.provideMerge(
    load(async () => {
      const { layerOver } = await import("../layers/AppConfig.ts")
      return { layer: layerOver({}, QUIET) }
    })
  )
)
