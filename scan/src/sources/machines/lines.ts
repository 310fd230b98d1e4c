import type { ScannedFile } from '../../file.ts'

/** The lines of a file, without what is around their text; at most `LINES_MAX` of `CHARS_MAX` characters. */
export const linesOf = (file: ScannedFile): { readonly text: string; readonly line: number }[] =>
  file
    .text()
    .split('\n', LINES_MAX)
    .map((text, at) => ({ text: text.slice(0, CHARS_MAX).trim(), line: at + 1 }))
    .filter(({ text }) => text !== '')

const LINES_MAX = 200_000
const CHARS_MAX = 16_384
