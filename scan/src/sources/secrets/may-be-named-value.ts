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
  if (bytes[sign] === BRACKET || bytes[sign] === BRACE_END) sign += 1
  const blanksFrom = sign
  sign = afterBlanks(bytes, sign)
  const code = bytes[sign] ?? 0
  if (SIGN[code] === 1) return mayBeSigned(bytes, sign) || isNamed(bytes, at)
  if (QUOTE[code] === 1) return mayBeValue(bytes, sign)
  // The next field, or what is between them: `, "value": …`, ` {`, ` is "`, `N"`.
  if (code === COMMA) return mayBeNext(bytes, sign + 1) || isNamed(bytes, at)
  if (code === BRACE || (code === HYPHEN && sign > blanksFrom)) return true
  if (sign > blanksFrom && ((code === 105 && bytes[sign + 1] === 115) || QUOTE[bytes[sign + 1] ?? 0] === 1))
    return isQuotedSoon(bytes, sign + 1)
  return isNamed(bytes, at)
}

const mayBeSigned = (bytes: Uint8Array, sign: number): boolean => {
  const code = bytes[sign] ?? 0
  // `?=`, `+=`, `.=`, `~=`, `||=`, `**`
  if (ONLY_WITH_EQUALS[code] === 1 && bytes[sign + 1] !== EQUALS && bytes[sign + 1] !== code) return false
  let from = sign + 1
  while (from < sign + 3 && SIGN[bytes[from] ?? 0] === 1) {
    if (mayBeValue(bytes, from)) return true
    from += 1
  }
  return mayBeValue(bytes, from) || (code === COLON && mayBeBelow(bytes, from))
}

const mayBeBelow = (bytes: Uint8Array, from: number): boolean => {
  let at = from
  while (at < from + 50 && SPACE[bytes[at] ?? 0] === 1) at += 1
  return at > from + 1 && isBare(bytes, QUOTE[bytes[at] ?? 0] === 1 ? at + 1 : at)
}

const isQuotedSoon = (bytes: Uint8Array, from: number): boolean => {
  for (let char = from; char < from + 5; char += 1)
    if (QUOTE[bytes[char] ?? 0] === 1 || bytes[char] === STAR) return true
  return false
}

const mayBeInProgram = (bytes: Uint8Array, at: number, end: number): boolean => {
  const code = bytes[end] ?? 0
  // In a literal: `password=…`, `${token:…}`.
  if (code === EQUALS && isBare(bytes, end + 1)) return true
  let from = end
  while (from < end + 3 && CLOSES[bytes[from] ?? 0] === 1) from += 1
  return (LEADS_TO_VALUE[bytes[afterBlanks(bytes, from)] ?? 0] === 1 && isQuoteNear(bytes, from)) || isNamed(bytes, at)
}

// A literal that begins before the expression is over.
const isQuoteNear = (bytes: Uint8Array, from: number): boolean => {
  const last = Math.min(bytes.length, from + QUOTE_CHARS_MAX)
  // Behind the name itself stands what stands behind no other part of an expression.
  const first = afterBlanks(bytes, from)
  for (let char = from; char < last; char += 1) {
    const one = bytes[char] ?? 0
    if (IN_WAY[one] === 0) continue
    // What an expression is indexed with is another name.
    if (QUOTE[one] === 1 && bytes[char - 1] === OPENING) char = closing(bytes, char + 1, last, one)
    else if (isLiteral(bytes, char)) return true
    else if (isOver(bytes, char, first)) return false
  }
  return false
}

// What stands in the way begins a literal: a quote, `<<`, or `{ get; set; } =`.
const isLiteral = (bytes: Uint8Array, at: number): boolean => {
  const code = bytes[at] ?? 0
  if (QUOTE[code] === 1) return isQuoted(bytes, at + 1)
  return code === LESS ? bytes[at + 1] === LESS : code === BRACE && bytes[at + 2] === LETTER_G
}

// What stands in the way, and is no literal, ends the expression.
const isOver = (bytes: Uint8Array, at: number, first: number): boolean => {
  const code = bytes[at] ?? 0
  if (code === NEWLINE) return LEADS_ON[lastBefore(bytes, at)] !== 1
  return at > first && code !== LESS && QUOTE[code] !== 1
}

const lastBefore = (bytes: Uint8Array, from: number): number => {
  let at = from - 1
  while (at > from - 10 && SPACE[bytes[at] ?? 0] === 1) at -= 1
  return bytes[at] ?? 0
}

const closing = (bytes: Uint8Array, from: number, last: number, quote: number): number => {
  let at = from
  while (at < last && bytes[at] !== quote && bytes[at] !== NEWLINE) at += 1
  return bytes[at] === quote ? at : at - 1
}

// An option (`--token`), an element (`<password …>`), a default (`${token:…}`), or the value of a field that holds a name
// (`name: X_TOKEN`): what stands before the name says so.
const isNamed = (bytes: Uint8Array, at: number): boolean => {
  let start = at
  while (start > 0 && at - start < NAME_CHARS_MAX && NAME[bytes[start - 1] ?? 0] === 1) start -= 1
  if (bytes[start] === HYPHEN) return true
  const code = bytes[start - 1] ?? 0
  if (code === LESS) return true
  if (code === BRACE) return bytes[start - 2] === DOLLAR
  if (code === COLON && (bytes[start - 2] === SLASH || isLetter(bytes[start - 2] ?? 0))) return true
  let before = start - 1
  while (before >= 0 && start - before < 8 && SKIPPED[bytes[before] ?? 0] === 1) before -= 1
  return endsNaming(bytes, before, before < start - 1)
}

// `name`, `key`, `variable` and a sign; `ENV`, `setenv`, `setx`, `set -gx`
const endsNaming = (bytes: Uint8Array, at: number, isApart: boolean): boolean => {
  const last = (bytes[at] ?? 0) | 32
  if (isApart && (last === 118 || last === 120)) return true
  const previous = (bytes[at - 1] ?? 0) | 32
  return last === 101 ? previous === 109 || previous === 108 : last === 121 && previous === 101
}

const mayBeNext = (bytes: Uint8Array, from: number): boolean => {
  let at = from
  while (at < from + 40 && SPACE[bytes[at] ?? 0] === 1) at += 1
  const isInQuotes = QUOTE[bytes[at] ?? 0] === 1
  const next = ((isInQuotes ? bytes[at + 1] : bytes[at]) ?? 0) | 32
  // `value`, `parameterValue`
  if (next === 118 || next === 112) return true
  if (!isInQuotes) return mayBeValue(bytes, at)
  // The next name of an object is no value.
  const end = closing(bytes, at + 1, Math.min(bytes.length, at + 60), bytes[at] ?? 0)
  return mayBeValue(bytes, at) && bytes[end + 1] !== COLON
}

const mayBeValue = (bytes: Uint8Array, from: number): boolean => {
  let at = afterBlanks(bytes, from)
  const code = bytes[at] ?? 0
  // A tag or an anchor of YAML, the beginning of a block or of a document.
  if (STARTS_OTHER[code] === 1 || (SPACE[code] === 1 && bytes[from - 1] === GREATER)) return true
  if (WORD[code] === 1 || code === AT || code === DOLLAR) {
    if (QUOTE[bytes[at + 1] ?? 0] === 1) at += 1
    else if (QUOTE[bytes[at + 2] ?? 0] === 1) at += 2
  }
  return QUOTE[bytes[at] ?? 0] === 1 ? isQuoted(bytes, at + 1) : isBare(bytes, at) && !isUrl(bytes, at)
}

// What is shorter is at best a password that everybody tries first, which other sources tell.
const VALUE_CHARS_MIN = 6

const isQuoted = (bytes: Uint8Array, from: number): boolean => {
  const quote = bytes[from]
  const isTriple = quote === bytes[from - 1] && quote === bytes[from + 1]
  return has(bytes, isTriple ? from + 2 : from, ENDS_QUOTED)
}
const isBare = (bytes: Uint8Array, first: number): boolean => has(bytes, first, ENDS_BARE)

// The judge takes none for a secret by itself.
const isUrl = (bytes: Uint8Array, at: number): boolean =>
  bytes[at] === 104 &&
  bytes[at + 1] === 116 &&
  bytes[at + 2] === 116 &&
  bytes[at + 3] === 112 &&
  (bytes[at + 4] === COLON || bytes[at + 5] === COLON)

const isLetter = (code: number): boolean => (code | 32) >= 97 && (code | 32) <= 122

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
const SKIPPED = bytesOf(' \t"\'`:=')
const ONLY_WITH_EQUALS = bytesOf('?+.~*')
const LEADS_ON = bytesOf(':=(,')
const CLOSES = bytesOf('"\'`])}')
const LEADS_TO_VALUE = bytesOf(`"'\`[:=>(<?|+.~,&{*@${LETTERS}\r\n`)
const IN_WAY = bytesOf('"\'`\n<,;{')
const STARTS_OTHER = bytesOf('!&|><\\')
const ENDS_QUOTED = bytesOf('"\'`\r\n')
const ENDS_BARE = bytesOf('\t\n\v\f\r "\'`,;<>(){}\\')
const NAME_CHARS_MAX = 40
const QUOTE_CHARS_MAX = 100
const [NEWLINE, DOLLAR, AMPERSAND, STAR, COMMA, HYPHEN, SLASH, COLON, LESS, EQUALS, GREATER, AT] = [
  10, 36, 38, 42, 44, 45, 47, 58, 60, 61, 62, 64,
]
const [OPENING, BACKSLASH, BRACKET, LETTER_G, BRACE, BRACE_END] = [91, 92, 93, 103, 123, 125]
