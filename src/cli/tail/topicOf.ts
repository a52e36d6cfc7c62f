import type { Settings } from "../../schema/Settings.ts"

/** The topic that is meant: of a kind (`trade`), of control records, or by its own name. */
export const topicOf = (name: string, { continuity, data, deadLetter, positions }: Settings["topics"]): string =>
  new Map([...data, ["dead-letter", deadLetter], ["continuity", continuity], ["positions", positions]]).get(name) ??
  name
