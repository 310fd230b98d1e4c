import type { Confidence } from '../../report.ts'
import type { Find, MayBegin } from './detector.ts'
import { looksMadeUp } from './placeholder.ts'

/** What may not stand just before a token: `letter` lets `0tsk…` and `_tsk…` through, `word` only punctuation. */
export type Before = 'letter' | 'word' | 'base64'

export interface TokenForm {
  /** Sticky: it is tried where the keyword starts, and must have no lookaround and no nested repeats. */
  readonly pattern: RegExp
  readonly before?: Before
  /** How many characters of the token stand before its keyword. */
  readonly lead?: number
  /** How many letters and digits it begins with, at least: for a keyword that is a part of many words. */
  readonly wordCharsMin?: number
  /** `false` is not a secret at all; a confidence says how sure its checksum makes us. */
  readonly verify?: (token: string) => Confidence | false
}

/** Finds a token by its form; the first group is the secret, or else the whole match. */
export const token = (form: TokenForm): Find => {
  const isBarredBefore = BARRED[form.before ?? 'letter']
  return (text, at) => {
    const start = at - (form.lead ?? 0)
    if (start < 0 || (start > 0 && isBarredBefore(text.charCodeAt(start - 1)))) return undefined
    form.pattern.lastIndex = start
    const match = form.pattern.exec(text)
    if (!match) return undefined
    const secret = match[1] ?? match[0]
    const end = start + match[0].length
    // Behind the secret, not behind the match: a pattern may take the end of the line, and the next line begins with a letter.
    const secretEnd = start + match[0].lastIndexOf(secret) + secret.length
    if (continues(secret, text.charCodeAt(secretEnd))) return undefined
    const verdict = form.verify?.(secret) ?? (looksMadeUp(secret) ? 'low' : 'high')
    if (verdict === false) return undefined
    return { start, end, secret, confidence: verdict }
  }
}

/** Whether a token may stand here, as far as its first bytes and the one before it tell. */
export const mayBeToken = (form: TokenForm): MayBegin => {
  const isBarredBefore = BARRED[form.before ?? 'letter']
  const { lead = 0, wordCharsMin = 0 } = form
  return (bytes, at) => {
    const start = at - lead
    if (start < 0 || (start > 0 && isBarredBefore(bytes[start - 1] ?? 0))) return false
    if (start + wordCharsMin > bytes.length) return false
    for (let char = start; char < start + wordCharsMin; char += 1) {
      const code = bytes[char] ?? 0
      if (!isLetter(code) && !isDigit(code)) return false
    }
    return true
  }
}

const isLetter = (code: number): boolean => (code >= 65 && code <= 90) || (code >= 97 && code <= 122)
const isDigit = (code: number): boolean => code >= 48 && code <= 57
const isWord = (code: number): boolean => isLetter(code) || isDigit(code) || code === 95

const BARRED: Readonly<Record<Before, (code: number) => boolean>> = {
  letter: isLetter,
  word: isWord,
  base64: (code) => isWord(code) || code === 43 || code === 45 || code === 47,
}

// A token of fixed length that goes on is another thing of a greater length.
const continues = (secret: string, next: number): boolean => {
  const last = secret.charCodeAt(secret.length - 1)
  return (isLetter(last) || isDigit(last)) && (isLetter(next) || isDigit(next))
}
