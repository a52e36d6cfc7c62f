/**
 * Cuts a value out of a JSON text without parsing it again, so that its bytes stay as received. The texts have been parsed
 * before: what stands here is known to be valid JSON.
 */

const QUOTE = 0x22
const BACKSLASH = 0x5c
const isBlank = (code: number): boolean => code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09
const isOpening = (code: number): boolean => code === 0x7b || code === 0x5b
const isClosing = (code: number): boolean => code === 0x7d || code === 0x5d

const skipBlanks = (text: string, from: number): number => {
  let at = from
  while (isBlank(text.charCodeAt(at))) at++
  return at
}

/** The index behind the string that starts at `from`. */
const skipString = (text: string, from: number): number => {
  let at = from + 1
  while (text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at + 1
}

/** The index behind the number or word that starts at `from`. */
const skipWord = (text: string, from: number): number => {
  let at = from
  while (at < text.length && /[^\s,\]}]/.test(text.charAt(at))) at++
  return at
}

/** The index behind the value that starts at `from`; iterative, so that deep nesting costs no stack. */
const skipValue = (text: string, from: number): number => {
  const first = text.charCodeAt(from)
  if (first === QUOTE) return skipString(text, from)
  if (!isOpening(first)) return skipWord(text, from)
  let depth = 1
  let at = from + 1
  while (depth > 0) {
    const code = text.charCodeAt(at)
    if (isOpening(code)) depth++
    else if (isClosing(code)) depth--
    at = code === QUOTE ? skipString(text, at) : at + 1
  }
  return at
}

/** The text of a top-level member of an object; the last one where the name repeats, as `JSON.parse` has it. */
export const memberText = (object: string, name: string): string | undefined => {
  let found: string | undefined
  let at = skipBlanks(object, skipBlanks(object, 0) + 1)
  while (object.charCodeAt(at) === QUOTE) {
    const keyEnd = skipString(object, at)
    const key: unknown = JSON.parse(object.slice(at, keyEnd))
    const start = skipBlanks(object, skipBlanks(object, keyEnd) + 1)
    const end = skipValue(object, start)
    if (key === name) found = object.slice(start, end)
    const next = skipBlanks(object, end)
    at = skipBlanks(object, next + 1)
  }
  return found
}

/** The texts of an array's elements. */
export const elementTexts = (array: string): ReadonlyArray<string> => {
  const elements: Array<string> = []
  let at = skipBlanks(array, skipBlanks(array, 0) + 1)
  while (at < array.length && !isClosing(array.charCodeAt(at))) {
    const end = skipValue(array, at)
    elements.push(array.slice(at, end))
    const next = skipBlanks(array, end)
    at = array.charAt(next) === "," ? skipBlanks(array, next + 1) : next
  }
  return elements
}
