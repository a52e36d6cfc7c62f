/**
 * The settings: from the environment and a `.env` file in the working directory, the environment first; or from a record, by
 * the names of the variables. All faults are told at once, before anything is opened.
 */
import process from "node:process"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import { Context, Effect, Layer, Option, Result } from "effect"
import { markets } from "../schema/Market.ts"
import type { Settings } from "../schema/Settings.ts"
import { binance } from "../schema/settings/binance.ts"
import { exchangeOf } from "../schema/settings/exchange.ts"
import { gaps } from "../schema/settings/gaps.ts"
import { kafka } from "../schema/settings/kafka.ts"
import { program } from "../schema/settings/program.ts"
import { marketTopics } from "../schema/settings/topics.ts"
import type { Variable } from "../schema/settings/Variable.ts"
import { AppConfig, Reread, SettingsError } from "../services/AppConfig.ts"
import * as proxy from "./binance/proxy.ts"
import { client } from "./settings/client.ts"
import * as dotEnv from "./settings/dotEnv.ts"
import * as files from "./settings/files.ts"
import { acksOf, groupSettings, spoolModeOf } from "./settings/group.ts"
import { mistyped } from "./settings/mistyped.ts"
import { Reading as VariableReading, type Values } from "./settings/Reading.ts"
import * as security from "./settings/security.ts"
import * as wanted from "./settings/wanted.ts"
import { topicSettings } from "./settings/topics.ts"

/** Where nothing is sampled there is nothing to send. */
const otelSettings = (read: VariableReading): Settings["otel"] => {
  const endpoint = read.get(program.otelEndpoint)
  const share = read.get(program.otelSamplerArg)
  const sampler = read.get(program.otelSampler)
  return {
    endpoint: sampler.endsWith("always_off") ? Option.none() : endpoint,
    serviceName: read.get(program.otelServiceName),
    ratio: sampler.endsWith("always_on") ? 1 : share
  }
}

/** What `LOG_FORMAT` is where it is unset. */
const formatHere = (): "pretty" | "json" => (process.stderr.isTTY ? "pretty" : "json")

/** What the settings come to, whatever is wrong with them: what has a fault is as if it were unset. */
export interface Reading {
  readonly settings: Settings
  readonly faults: ReadonlyArray<string>
}

const read = Effect.fnUntraced(function* (values: Values, faults: ReadonlyArray<string> = []) {
  const read = new VariableReading(values)
  read.faults.push(...faults)

  const market = markets[read.get(binance.market)]
  const exchange = exchangeOf(market)
  const feed = read.get(binance.feed)
  const replayFile = yield* files.readable(read, binance.replayFile)
  if (feed === "replay" && !read.isSet(binance.replayFile)) read.missing(binance.replayFile, "FEED=replay needs it")
  read.get(program.batchCheckInterval)
  const group = groupSettings(read)
  const isGroup = Option.isSome(group)

  const settings: Omit<Settings, "notices" | "shown"> = {
    feed,
    replayFile,
    replaySpeed: read.get(binance.replaySpeed),
    binance: {
      market,
      restUrls: read.get(exchange.restUrls),
      restWeightShare: read.get(binance.restWeightShare),
      wsUrls: read.get(exchange.wsUrls),
      lines: read.get(binance.lines),
      ...(yield* wanted.read(read, feed, market)),
      symbolsRefresh: read.get(binance.symbolsRefresh),
      pingInterval: read.get(binance.pingInterval),
      reconnectMaxDelay: read.get(binance.reconnectMaxDelay),
      connectionTimeout: read.get(binance.connectionTimeout),
      silenceTimeout: read.get(binance.silenceTimeout),
      streamStale: read.get(binance.streamStale),
      rollover: { after: read.get(binance.rolloverAfter), window: read.get(binance.rolloverWindow) }
    },
    kafka: {
      client: client(read),
      bootstrapServers: read.get(kafka.bootstrapServers),
      clientId: read.get(kafka.clientId),
      patches: read.get(kafka.patches),
      compression: read.get(kafka.compression),
      acks: acksOf(read, isGroup),
      tls: yield* security.tls(read),
      sasl: yield* security.sasl(read)
    },
    topics: topicSettings(read, market),
    group,
    sink: read.get(program.sink),
    dataDir: read.get(program.dataDir),
    gaps: { wait: read.get(gaps.wait), resumeMax: read.get(gaps.resumeMax) },
    spool: {
      mode: spoolModeOf(read, isGroup),
      maxBytes: read.get(program.spoolMaxBytes),
      fsync: read.get(program.spoolFsync)
    },
    batch: { size: read.get(program.batchSize), timeout: read.get(program.batchTimeout) },
    http: { host: read.get(program.httpHost), port: read.get(program.httpPort) },
    log: { level: read.get(program.logLevel), format: Option.getOrElse(read.get(program.logFormat), formatHere) },
    metrics: {
      perStream: read.get(program.metricsPerStream),
      endpoint: read.get(program.otelMetricsEndpoint),
      exportInterval: read.get(program.otelMetricInterval)
    },
    otel: otelSettings(read)
  }
  const notices = mistyped(Object.keys(values))
  const needless = read.isSet(program.batchCheckInterval)
    ? [`${program.batchCheckInterval.name} has no effect: timers made it unnecessary`]
    : []
  const ofOtherMarkets = marketTopics.filter(
    (variable) => read.isSet(variable) && read.shown[variable.name] === undefined
  )
  const reading: Reading = {
    settings: {
      ...settings,
      notices: [
        ...notices,
        ...needless,
        ...ofOtherMarkets.map(({ name }) => `${name} has no effect: BINANCE_MARKET=${market.name} has no such streams`)
      ],
      shown: { ...read.shown, [program.logFormat.name]: settings.log.format }
    },
    faults: read.faults
  }
  return reading
})

const checked = ({ faults, settings }: Reading) =>
  faults.length > 0 ? Effect.fail(new SettingsError({ faults, notices: settings.notices })) : Effect.succeed(settings)

/** Reads a `.env` file; where there is none, nothing. */
const readDotEnv = (path: string) =>
  files.readSmall(path).pipe(
    Effect.map((content) =>
      Option.match(content, {
        onNone: () => Result.succeed<Values>({}),
        onSome: (text) => Result.mapError(dotEnv.parse(text), (faults) => faults.map((fault) => `.env, ${fault}`))
      })
    ),
    Effect.catch((reason) => Effect.succeed(Result.fail([`.env cannot be read: ${reason}`])))
  )

const isSet = ([, value]: readonly [string, string | undefined]): boolean => value !== undefined && value.trim() !== ""

/** Where a variable is set. */
export type Source = "environment" | ".env"

/** What an environment and a `.env` file say together, the environment first; and what is wrong with the file. */
export const valuesOf = (environment: Values, dotEnvFile: string) =>
  Effect.map(readDotEnv(dotEnvFile), (file) => {
    const written: Values = Result.getOrElse(file, () => ({}))
    const set = Object.fromEntries(Object.entries(environment).filter(isSet))
    return {
      values: { ...environment, ...written, ...set } satisfies Values,
      sourceOf: (name: string): Source => (name in written && !(name in set) ? ".env" : "environment"),
      faults: Result.isFailure(file) ? file.failure : []
    }
  }).pipe(Effect.provide(NodeFileSystem.layer))

const readFrom = Effect.fnUntraced(function* (environment: Values, dotEnvFile: string) {
  const { faults, sourceOf, values } = yield* valuesOf(environment, dotEnvFile)
  const reading = yield* read(values, [...faults, ...proxy.faults(environment)])
  const variables = new VariableReading(values)
  return {
    ...reading,
    /** `undefined` where it is unset. */
    sourceOf: (variable: Variable<unknown>) => (variables.isSet(variable) ? sourceOf(variable.name) : undefined)
  }
}, Effect.provide(NodeFileSystem.layer))

/** The settings of the process and where each comes from, whatever is wrong with them. */
export const inspect = Effect.suspend(() => readFrom(process.env, ".env"))

/** Files may be edited while the program runs. */
const fromWhatMayChange = (settings: Effect.Effect<Settings, SettingsError>): Layer.Layer<AppConfig, SettingsError> =>
  Layer.effectContext(
    Effect.map(settings, (first) => Context.make(AppConfig, first).pipe(Context.add(Reread, settings)))
  )

/** From an environment, then from a `.env` file. */
export const layerFromEnvironment = (environment: Values, dotEnvFile: string): Layer.Layer<AppConfig, SettingsError> =>
  fromWhatMayChange(Effect.flatMap(readFrom(environment, dotEnvFile), checked))

/** From the process's environment, then from `.env` in its working directory. */
export const layer: Layer.Layer<AppConfig, SettingsError> = Layer.suspend(() =>
  layerFromEnvironment(process.env, ".env")
)

/** As `layer`, but for what these values say first, and others where nobody says anything. */
export const layerOver = (values: Values, otherwise: Values = {}): Layer.Layer<AppConfig, SettingsError> =>
  fromWhatMayChange(
    Effect.gen(function* () {
      const { faults, values: found } = yield* valuesOf(process.env, ".env")
      const reading = yield* read({ ...otherwise, ...found, ...values }, [...faults, ...proxy.faults(process.env)])
      return yield* checked(reading)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

/** From a record alone: what it leaves out has its default, and the environment is not read. */
export const layerFromRecord = (record: Readonly<Record<string, string>>): Layer.Layer<AppConfig, SettingsError> =>
  Layer.effect(AppConfig, Effect.flatMap(read(record), checked)).pipe(Layer.provide(NodeFileSystem.layer))

/** Every effective setting by its variable, secrets redacted. */
export const describe = ({ shown }: Settings): Readonly<Record<string, string>> => shown

/** One line with every effective setting, and a warning for each notice. */
export const announce: Effect.Effect<void, never, AppConfig> = Effect.gen(function* () {
  const settings = yield* AppConfig
  yield* Effect.annotateLogs(Effect.logInfo("Settings"), describe(settings))
  yield* Effect.forEach(settings.notices, (notice) => Effect.logWarning(notice), { discard: true })
})
