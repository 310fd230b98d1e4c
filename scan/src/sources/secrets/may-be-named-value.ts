import type { FindContext } from './detector.ts'

/**
 * Whether a name that sounds like a secret's may be given a value here, as far as the next bytes tell: most such words are
 * followed by another word, a full stop, a number or a bracket. INVARIANT: never false where one of the forms finds one.
 */
export const mayBeNamedValue = (bytes: Uint8Array, at: number, { isProgram }: FindContext): boolean => {
  let end = at
  while (end - at <= NAME_CHARS_MAX && WORD[bytes[end] ?? 0] === 1) end += 1
  if (end - at > NAME_CHARS_MAX) return false
  const code = bytes[end] ?? 0
  if (ENDS_NAME[code] !== 1) return false
  if (code === BACKSLASH) return QUOTE[bytes[afterAll(bytes, end, BACKSLASH)] ?? 0] === 1
  if (code === AMPERSAND) return bytes[end + 1] === 113
  if (code === LESS) return bytes[end + 1] === SLASH || bytes[end + 1] === HYPHEN
  return isProgram ? mayBeInProgram(bytes, at, end) : mayBeInSettings(bytes, at, end)
}

const mayBeInSettings = (bytes: Uint8Array, at: number, end: number): boolean => {
  let sign = end
  if (QUOTE[bytes[sign] ?? 0] === 1) sign += 1
  if (bytes[sign] === BRACKET) sign += 1
  const isApart = BLANK[bytes[sign] ?? 0] === 1
  sign = afterBlanks(bytes, sign)
  const code = bytes[sign] ?? 0
  if (SIGN[code] === 1) {
    let from = sign + 1
    while (from < sign + 3 && SIGN[bytes[from] ?? 0] === 1) {
      if (mayBeValue(bytes, from)) return true
      from += 1
    }
    return mayBeValue(bytes, from) || isNamed(bytes, at)
  }
  if (QUOTE[code] === 1) return mayBeValue(bytes, sign)
  // The next field, or what is between them: `, "value": …`, ` {`, ` is `, `**`.
  if (code === COMMA) return mayBeNext(bytes, sign + 1)
  if (code === BRACE || (code === STAR && bytes[sign + 1] === STAR)) return true
  if (isApart && code === 105 && bytes[sign + 1] === 115) return true
  if (isApart && mayBeValue(bytes, sign) && QUOTE[bytes[sign + 1] ?? 0] === 1) return true
  return isNamed(bytes, at)
}

const mayBeInProgram = (bytes: Uint8Array, at: number, end: number): boolean => {
  const code = bytes[end] ?? 0
  // In a literal: `password=…`, `${token:…}`.
  if (code === EQUALS && isBare(bytes, end + 1)) return true
  if (isNamed(bytes, at)) return true
  let lastSeen = code
  const last = Math.min(bytes.length, end + QUOTE_CHARS_MAX)
  for (let char = end; char < last; char += 1) {
    const one = bytes[char] ?? 0
    if (one === NEWLINE && LEADS_ON[lastSeen] !== 1) return false
    if (one === LESS && bytes[char + 1] === LESS) return true
    if (QUOTE[one] === 1 && isQuoted(bytes, char + 1)) return true
    if (SPACE[one] !== 1) lastSeen = one
  }
  return false
}

// An option (`--token`), an element (`<password …>`), a default (`${token:…}`), or the value of a field that holds a name
// (`name: X_TOKEN`): what stands before the name says so.
const isNamed = (bytes: Uint8Array, at: number): boolean => {
  let start = at
  while (start > 0 && at - start < NAME_CHARS_MAX && NAME[bytes[start - 1] ?? 0] === 1) start -= 1
  if (bytes[start] === HYPHEN) return true
  let before = start - 1
  while (before >= 0 && start - before < 8 && (BLANK[bytes[before] ?? 0] === 1 || QUOTE[bytes[before] ?? 0] === 1))
    before -= 1
  // `ENV`, `setenv`, `setx`, `set -gx`
  if (before === start - 1 && before > 0) return BEFORE_NAME[bytes[before] ?? 0] === 1
  const last = bytes[before] ?? 0
  return BEFORE_NAME[last] === 1 || (last | 32) === 118 || (last | 32) === 120
}

const mayBeNext = (bytes: Uint8Array, from: number): boolean => {
  let at = from
  while (at < from + 40 && SPACE[bytes[at] ?? 0] === 1) at += 1
  const next = ((QUOTE[bytes[at] ?? 0] === 1 ? bytes[at + 1] : bytes[at]) ?? 0) | 32
  // `value`, `parameterValue`
  return next === 118 || next === 112 || mayBeValue(bytes, at) || isBare(bytes, at)
}

const mayBeValue = (bytes: Uint8Array, from: number): boolean => {
  let at = afterBlanks(bytes, from)
  const code = bytes[at] ?? 0
  // A tag or an anchor of YAML, the beginning of a block or of a document.
  if (STARTS_OTHER[code] === 1 || (SPACE[code] === 1 && bytes[from - 1] === GREATER)) return true
  if (WORD[code] === 1 || code === AT) {
    if (QUOTE[bytes[at + 1] ?? 0] === 1) at += 1
    else if (QUOTE[bytes[at + 2] ?? 0] === 1) at += 2
  }
  return QUOTE[bytes[at] ?? 0] === 1 ? isQuoted(bytes, at + 1) : isBare(bytes, at)
}

// What is shorter is at best a password that everybody tries first, which other sources tell.
const VALUE_CHARS_MIN = 6

const isQuoted = (bytes: Uint8Array, from: number): boolean => {
  const quote = bytes[from]
  const isTriple = quote === bytes[from - 1] && quote === bytes[from + 1]
  return has(bytes, isTriple ? from + 2 : from, ENDS_QUOTED)
}
const isBare = (bytes: Uint8Array, first: number): boolean => has(bytes, first, ENDS_BARE)

const has = (bytes: Uint8Array, first: number, ends: Uint8Array): boolean => {
  const end = first + VALUE_CHARS_MIN
  if (end > bytes.length) return false
  for (let char = first; char < end; char += 1) if (ends[bytes[char] ?? 0] === 1) return false
  return true
}

const afterBlanks = (bytes: Uint8Array, from: number): number => {
  let at = from
  while (at < from + 20 && BLANK[bytes[at] ?? 0] === 1) at += 1
  return at
}
const afterAll = (bytes: Uint8Array, from: number, code: number): number => {
  let at = from
  while (at < from + 7 && bytes[at] === code) at += 1
  return at
}

const bytesOf = (chars: string): Uint8Array => {
  const table = new Uint8Array(256)
  for (const char of chars) table[char.charCodeAt(0)] = 1
  return table
}
const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-'
const WORD = bytesOf(LETTERS)
const NAME = bytesOf(`${LETTERS}.`)
const QUOTE = bytesOf('"\'`')
const BLANK = bytesOf(' \t')
const SPACE = bytesOf(' \t\r\n')
const SIGN = bytesOf(':=>(<?|+.~*')
const ENDS_NAME = bytesOf('"\'`])[ \t\r\n:=>(<?|+.~*\\&,}')
const BEFORE_NAME = bytesOf('<:={')
const LEADS_ON = bytesOf(':=(,')
const STARTS_OTHER = bytesOf('!&|><')
const ENDS_QUOTED = bytesOf('"\'`\r\n')
const ENDS_BARE = bytesOf('\t\n\v\f\r "\'`,;<>(){}\\')
const NAME_CHARS_MAX = 40
const QUOTE_CHARS_MAX = 100
const [NEWLINE, AMPERSAND, STAR, COMMA, HYPHEN, SLASH, LESS, EQUALS, GREATER, AT, BACKSLASH, BRACKET, BRACE] = [
  10, 38, 42, 44, 45, 47, 60, 61, 62, 64, 92, 93, 123,
]
