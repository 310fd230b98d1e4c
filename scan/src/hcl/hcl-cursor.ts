import { HclError } from './hcl-body.ts'

/** A way through a text, up to `end`. */
export interface HclCursor {
  readonly text: string
  at: number
  readonly end: number
  readonly lineOf: (at: number) => number
  /** Shared by all parts of one file: what is left of its values. */
  readonly budget: { valuesLeft: number }
}

export const here = (cursor: HclCursor): string => (cursor.at < cursor.end ? (cursor.text[cursor.at] ?? '') : '')

export const startsWith = (cursor: HclCursor, mark: string): boolean =>
  cursor.at + mark.length <= cursor.end && cursor.text.startsWith(mark, cursor.at)

/** Takes a mark if it stands here. */
export const takes = (cursor: HclCursor, mark: string): boolean => {
  if (!startsWith(cursor, mark)) return false
  cursor.at += mark.length
  return true
}

export const expects = (cursor: HclCursor, mark: string): void => {
  if (!takes(cursor, mark)) throw new HclError(cursor.at, `\`${mark}\` is missing`)
}

/** Over spaces and comments, and over ends of lines where they mean nothing. */
export const skip = (cursor: HclCursor, overLines: boolean): void => {
  for (;;) {
    const char = here(cursor)
    if (char === ' ' || char === '\t' || char === '\r' || (overLines && char === '\n')) cursor.at += 1
    else if (char === '#' || startsWith(cursor, '//')) skipTo(cursor, '\n', 0)
    else if (startsWith(cursor, '/*')) skipTo(cursor, '*/', 2)
    else return
  }
}

const skipTo = (cursor: HclCursor, mark: string, taken: number): void => {
  const found = cursor.text.indexOf(mark, cursor.at + taken)
  cursor.at = found === -1 || found >= cursor.end ? cursor.end : found + taken
}

/** A name, or nothing. */
export const readName = (cursor: HclCursor): string => {
  const start = cursor.at
  while (cursor.at < cursor.end && isNamePart(cursor.text.charCodeAt(cursor.at), cursor.at > start)) cursor.at += 1
  return cursor.text.slice(start, cursor.at)
}

/** Whether a name may begin with it. */
export const isNameStart = (code: number): boolean => isNamePart(code, false)

/** What stands since there, as far as people want to read it. */
export const textSince = (cursor: HclCursor, start: number): string =>
  cursor.text.slice(start, Math.min(cursor.at, start + SHOWN_CHARS_MAX)).trim()

const SHOWN_CHARS_MAX = 120

const isNamePart = (code: number, isInside: boolean): boolean =>
  (code >= 97 && code <= 122) ||
  (code >= 65 && code <= 90) ||
  code === 95 ||
  code > 127 ||
  (isInside && ((code >= 48 && code <= 57) || code === 45))
