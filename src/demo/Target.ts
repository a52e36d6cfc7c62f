/** Where the demo's records go: settings for the connector, and a way to read them back. */
import { relative, resolve } from "node:path"
import process from "node:process"
import { Clock, Context, Data, Effect, Layer, type Scope, Stream } from "effect"
import * as AppConfigLayer from "../layers/AppConfig.ts"
import * as KafkaClients from "../layers/KafkaClients.ts"
import * as KafkaTopicReader from "../layers/KafkaTopicReader.ts"
import * as LocalTopicReader from "../layers/LocalTopicReader.ts"
import { AppConfig, type SettingsError } from "../services/AppConfig.ts"
import { KafkaInspector } from "../services/KafkaInspector.ts"
import { TopicReader, type TopicReadError } from "../services/TopicReader.ts"
import type { ReadTopic } from "./Proof.ts"

const ANSWER_WITHIN = "15 seconds"

export interface Target {
  readonly name: string
  readonly settings: NodeJS.ProcessEnv
  readonly prefix: string
  /** A line to paste into a shell. */
  readonly hint: string
  readonly read: ReadTopic<TopicReadError | SettingsError>
}

const through =
  <E>(layer: Layer.Layer<TopicReader, E>): ReadTopic<E | TopicReadError> =>
  (topic) =>
    Stream.unwrap(
      Effect.gen(function* () {
        const reader = Context.get(yield* Layer.build(layer), TopicReader)
        return reader.read(topic, yield* reader.ends(topic))
      })
    )

const fromKafka = through(
  KafkaTopicReader.layer.pipe(Layer.provide(KafkaClients.driver), Layer.provide(AppConfigLayer.layer))
)

const quoted = (text: string): string =>
  /^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`

/** The Node that runs this: the shell's own may be another, too old for it. */
const thisNode = (): string => {
  const fromHere = relative(".", process.execPath)
  return quoted(fromHere.startsWith("..") ? process.execPath : fromHere)
}

const QUERY = "SELECT key, offset, value FROM records WHERE topic = ? LIMIT 3"

const local = (folder: string, topic: string): Target => ({
  name: `${folder}/log.sqlite`,
  settings: { SINK: "local" },
  prefix: "",
  hint: `${thisNode()} --no-warnings -e 'console.table(new (require("node:sqlite").DatabaseSync)("${folder}/log.sqlite").prepare("${QUERY}").all("${topic}"))'`,
  read: through(LocalTopicReader.layerOf(folder))
})

/** The variables about Kafka, for a process in another folder: the files that they name are meant from here. */
export const kafkaSettings = (values: NodeJS.ProcessEnv): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(values)
      .filter(([name, value = ""]) => name.startsWith("KAFKA_") && value.trim() !== "")
      .map(([name, value = ""]) => [name, name.endsWith("_FILE") ? resolve(value.trim()) : value])
  )

export class NoKafka extends Data.TaggedError("NoKafka")<{ readonly message: string; readonly cause: unknown }> {}

/** Asked first: a demo that has nowhere to write proves nothing. */
const reachable = KafkaInspector.use(({ inspect }) => inspect([])).pipe(
  Effect.mapError((cause) => new NoKafka({ message: `--kafka: no Kafka can be asked: ${cause.message}`, cause })),
  Effect.timeoutOrElse({
    duration: ANSWER_WITHIN,
    orElse: () =>
      Effect.fail(new NoKafka({ message: `--kafka: Kafka has no answer within ${ANSWER_WITHIN}`, cause: undefined }))
  })
)

/** The Kafka of the user's own settings, in topics of the demo's own. */
const kafka = Effect.fnUntraced(function* (
  topic: string
): Effect.fn.Return<Target, SettingsError | NoKafka, Scope.Scope> {
  const config = yield* Layer.build(Layer.provideMerge(KafkaClients.inspector, AppConfigLayer.layer))
  const settings = Context.get(config, AppConfig).kafka
  yield* Effect.provide(reachable, config)
  const { values } = yield* AppConfigLayer.valuesOf(process.env, ".env")
  const prefix = `demo_${yield* Clock.currentTimeMillis}_`
  const servers = settings.bootstrapServers.join(",")
  return {
    name: `Kafka at ${servers}, topics ${prefix}…`,
    settings: {
      ...kafkaSettings(values),
      SINK: "kafka",
      TOPIC_PREFIX: prefix
    },
    prefix,
    hint: `kcat -C -b ${servers} -t ${prefix}${topic} -o beginning -c 3 -f '%k %p/%o %s\\n'`,
    read: fromKafka
  }
}, Effect.scoped)

/** `topic`: one of those that it will hold, to ask for. */
export const choose = (
  intoKafka: boolean,
  folder: string,
  topic: string
): Effect.Effect<Target, SettingsError | NoKafka> => (intoKafka ? kafka(topic) : Effect.succeed(local(folder, topic)))
