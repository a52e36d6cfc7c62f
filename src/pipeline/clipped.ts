/** Bounds a text that came from outside, before it becomes a header, a key or a part of a log line. */

const KEPT_CHARACTERS = 256

/** The text, or its beginning and `…`: the same text always comes out the same. */
export const clipped = (text: string): string => {
  if (text.length <= KEPT_CHARACTERS) return text
  // Never half a surrogate pair.
  const end = (text.charCodeAt(KEPT_CHARACTERS - 2) & 0xfc00) === 0xd800 ? KEPT_CHARACTERS - 2 : KEPT_CHARACTERS - 1
  return `${text.slice(0, end)}…`
}
