/** Colours, where stdout is a terminal and `NO_COLOR` is not set. */
import process from "node:process"
import { styleText } from "node:util"

export type Style = "good" | "poor" | "bad" | "faint" | "bold"

const FORMATS = { good: "green", poor: "yellow", bad: "red", faint: "dim", bold: "bold" } as const

export const style = (style: Style, text: string): string => styleText(FORMATS[style], text, { stream: process.stdout })
