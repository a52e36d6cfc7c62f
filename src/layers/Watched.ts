/** Work that an operator can ask about, from before it connects to anything. */
import { Layer } from "effect"
import * as HealthState from "./HealthState.ts"
import * as OpsServer from "./OpsServer.ts"
import * as StatusBoard from "./StatusBoard.ts"
import * as SymbolCheck from "./SymbolCheck.ts"

export const work = <Out, E, R>(layer: Layer.Layer<Out, E, R>) =>
  Layer.merge(layer, SymbolCheck.layer).pipe(
    Layer.provide(OpsServer.layer),
    Layer.provideMerge(Layer.provideMerge(HealthState.layer, StatusBoard.layer))
  )
