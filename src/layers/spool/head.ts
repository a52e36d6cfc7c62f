/** The file `head`: the number of the first record that is not acknowledged, and its checksum. */
import { rename, writeFile } from "node:fs/promises"
import { crc32c } from "./crc32c.ts"
import { readFrom } from "./files.ts"

const checksum = (text: string): string => crc32c(Buffer.from(text)).toString(16).padStart(8, "0")

/** 0 where it is missing or damaged. */
export const read = async (path: string): Promise<number> => {
  const text = await readFrom(path, 0, 64).then(String, () => "")
  const [, number = "", sum] = /^(\d{1,15}) ([\da-f]{8})\n$/.exec(text) ?? []
  return sum === checksum(number) ? Number(number) : 0
}

/** As a whole or not at all. */
export const write = async (path: string, head: number): Promise<void> => {
  const number = String(head)
  await writeFile(`${path}.new`, `${number} ${checksum(number)}\n`)
  await rename(`${path}.new`, path)
}
