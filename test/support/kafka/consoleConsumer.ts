/** Kafka's own consumer, in Java: shares nothing with ours. */
import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { classPath } from "./jars.ts"

/** So many records of the topics that the pattern matches: `CreateTime:…`, headers, key and value of each, by tabs. */
export const consoleConsumer = async (
  bootstrap: string,
  topics: string,
  count: number
): Promise<ReadonlyArray<string>> => {
  const java = "-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dfile.encoding=UTF-8".split(" ")
  const options = `--from-beginning --max-messages ${count} --timeout-ms 90000`.split(" ")
  const shown = ["timestamp", "headers", "key", "value"].flatMap((part) => [
    "--formatter-property",
    `print.${part}=true`
  ])
  const { stdout } = await promisify(execFile)("java", [
    ...java,
    "-cp",
    await classPath(),
    "org.apache.kafka.tools.consumer.ConsoleConsumer",
    "--bootstrap-server",
    bootstrap,
    "--include",
    topics,
    ...options,
    ...shown
  ])
  return stdout.trimEnd().split("\n")
}
