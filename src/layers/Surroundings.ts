/**
 * What is around the work, from before it connects to anything: which streams there are to carry, the check of their symbols,
 * and first what an operator asks.
 */
import { Layer } from "effect"
import * as BinanceStreams from "./BinanceStreams.ts"
import * as HealthState from "./HealthState.ts"
import * as OpsServer from "./OpsServer.ts"
import * as StatusBoard from "./StatusBoard.ts"
import * as SymbolCheck from "./SymbolCheck.ts"

export const of = <Out, E, R>(work: Layer.Layer<Out, E, R>) =>
  Layer.merge(work, SymbolCheck.layer).pipe(
    Layer.provideMerge(BinanceStreams.layer),
    Layer.provide(OpsServer.layer),
    Layer.provideMerge(Layer.provideMerge(HealthState.layer, StatusBoard.layer))
  )
