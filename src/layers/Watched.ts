/** Work on the streams that are wanted, which an operator can ask about from before anything is connected to. */
import { Layer } from "effect"
import * as BinanceStreams from "./BinanceStreams.ts"
import * as HealthState from "./HealthState.ts"
import * as OpsServer from "./OpsServer.ts"
import * as StatusBoard from "./StatusBoard.ts"
import * as SymbolCheck from "./SymbolCheck.ts"

export const work = <Out, E, R>(layer: Layer.Layer<Out, E, R>) =>
  Layer.merge(layer, SymbolCheck.layer).pipe(
    Layer.provideMerge(BinanceStreams.layer),
    Layer.provide(OpsServer.layer),
    Layer.provideMerge(Layer.provideMerge(HealthState.layer, StatusBoard.layer))
  )
