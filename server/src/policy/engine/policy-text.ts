/** Where something is in a text, both from 1. */
export interface Place {
  line: number
  column: number
}

/** How deep the brackets of a policy text nest; brackets in strings and comments do not count. */
export const bracketDepth = (text: string): number => {
  let depth = 0
  let deepest = 0
  for (const { 0: token } of text.matchAll(TOKENS)) {
    if (token === '(' || token === '[' || token === '{') deepest = Math.max(deepest, ++depth)
    if (token === ')' || token === ']' || token === '}') depth--
  }
  return deepest
}

/** Cuts a file's text after each policy's closing semicolon; what follows the last one is a piece if it says anything. */
export const policyPieces = (text: string): { text: string; line: number }[] => {
  const pieces: { text: string; line: number }[] = []
  let start = 0
  // Counted along the way: from the top for each piece, 50,000 policies took a minute.
  let line = 1
  const cut = (end: number): void => {
    const lead = text.slice(start, end).match(LEADING_BLANKS)?.[0] ?? ''
    const piece = text.slice(start + lead.length, end)
    line += lineAt(lead, lead.length) - 1
    if (piece !== '') pieces.push({ text: piece, line })
    line += lineAt(piece, piece.length) - 1
    start = end
  }
  for (const { 0: token, index } of text.matchAll(TOKENS)) if (token === ';') cut(index + 1)
  if (text.slice(start).replace(COMMENTS, '').trim() !== '') cut(text.length)
  return pieces
}

/** The place of a byte, which is how the official engine counts. */
export const placeOfByte = (text: string, byte: number): Place => {
  const before = Buffer.from(text).subarray(0, byte).toString()
  const line = lineAt(before, before.length)
  return { line, column: before.length - before.lastIndexOf('\n') }
}

const lineAt = (text: string, end: number): number => {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) line++
  return line
}

// A string without an end reaches to the end of the text, so that no input is scanned twice.
const TOKENS = /"(?:[^"\\]|\\.)*(?:"|\\?$)|\/\/[^\n\r]*|[()[\]{};]/gs
const COMMENTS = /\/\/[^\n\r]*/g
const LEADING_BLANKS = /^\s*/
