import { type HclEntry, HclError, type HclValue } from './hcl-body.ts'
import {
  expects,
  type HclCursor,
  here,
  isNameStart,
  readName,
  skip,
  startsWith,
  takes,
  textSince,
} from './hcl-cursor.ts'
import { DEPTH_MAX, readExpression, readLoopParts } from './hcl-expression.ts'

/** Reads the value that stands at the cursor; lines end it, but for those inside of brackets. */
export const readValue = (cursor: HclCursor, depth: number, overLines: boolean): HclValue => {
  skip(cursor, overLines)
  const start = cursor.at
  const value = readExpression(cursor, depth, overLines, readTerm)
  skip(cursor, overLines)
  if (value !== undefined && isAtEnd(cursor)) return value
  skipRest(cursor, overLines, depth)
  if (cursor.at === start) throw new HclError(start, 'a value is missing')
  return { is: 'unknown', text: textSince(cursor, start) }
}

const isAtEnd = (cursor: HclCursor): boolean => /^[\n,\]})~]?$/.test(here(cursor))

const readTerm = (cursor: HclCursor, depth: number): HclValue | undefined => {
  const start = cursor.at
  const term = readBare(cursor, depth)
  return term && (here(cursor) === '.' || here(cursor) === '[') ? readSteps(cursor, start, term, depth) : term
}

const readBare = (cursor: HclCursor, depth: number): HclValue | undefined => {
  const char = here(cursor)
  if (char === '"') return readQuoted(cursor, depth)
  if (startsWith(cursor, '<<')) return readHeredoc(cursor, depth)
  if (char === '[') return readList(cursor, depth)
  if (char === '{') return readObject(cursor, depth)
  if (char === '(') {
    cursor.at += 1
    const inner = readValue(cursor, depth + 1, true)
    expects(cursor, ')')
    return inner
  }
  if (/[0-9]/.test(char)) return readNumber(cursor)
  const name = readName(cursor)
  if (name === '') return undefined
  if (name === 'true' || name === 'false') return { is: 'literal', value: name === 'true' }
  if (name === 'null') return { is: 'literal', value: null }
  while (takes(cursor, '::')) readName(cursor)
  return here(cursor) === '(' ? readCall(cursor, name, depth) : readReference(cursor, name)
}

const readNumber = (cursor: HclCursor): HclValue | undefined => {
  const start = cursor.at
  while (/[0-9.eE+-]/.test(here(cursor)) && cursor.at - start < 40) cursor.at += 1
  const value = Number(cursor.text.slice(start, cursor.at))
  return Number.isNaN(value) ? undefined : { is: 'literal', value }
}

const readReference = (cursor: HclCursor, first: string): HclValue => {
  const path = [first]
  while (here(cursor) === '.' && isNameStart(cursor.text.charCodeAt(cursor.at + 1))) {
    cursor.at += 1
    path.push(readName(cursor))
  }
  return { is: 'reference', path: path.join('.') }
}

// What is taken out of a value, and out of that.
const readSteps = (cursor: HclCursor, start: number, of: HclValue, depth: number): HclValue | undefined => {
  let from = of
  let each: HclValue[] | undefined
  for (;;) {
    const key = readStep(cursor, depth)
    if (key === undefined) {
      const text = textSince(cursor, start)
      return each ? { is: 'splat', from, keys: each, text } : from
    }
    if (key === 'unknown') return undefined
    if (key === 'each') each ??= []
    else if (each) each.push(key)
    else from = { is: 'step', from, key, text: textSince(cursor, start) }
    cursor.budget.valuesLeft -= 1
    if (cursor.budget.valuesLeft < 0) throw new HclError(cursor.at, 'too many values')
  }
}

const readStep = (cursor: HclCursor, depth: number): HclValue | 'each' | 'unknown' | undefined => {
  if (here(cursor) === '.' && !startsWith(cursor, '...')) {
    cursor.at += 1
    if (takes(cursor, '*')) return 'each'
    const name = readName(cursor)
    if (name !== '') return { is: 'literal', value: name }
    const digits = readDigits(cursor)
    return /^\d{1,9}$/.test(digits) ? { is: 'literal', value: Number(digits) } : 'unknown'
  }
  if (here(cursor) !== '[') return undefined
  cursor.at += 1
  skip(cursor, true)
  const index = takes(cursor, '*') ? 'each' : readValue(cursor, depth + 1, true)
  skip(cursor, true)
  expects(cursor, ']')
  return index
}

const readDigits = (cursor: HclCursor): string => {
  const start = cursor.at
  while (/[0-9]/.test(here(cursor))) cursor.at += 1
  return cursor.text.slice(start, cursor.at)
}

const readCall = (cursor: HclCursor, name: string, depth: number): HclValue => {
  cursor.at += 1
  const { items, isSpread } = readItems(cursor, ')', depth)
  return { is: 'call', name, args: items, isSpread }
}

const readList = (cursor: HclCursor, depth: number): HclValue => {
  const start = cursor.at
  cursor.at += 1
  return isLoop(cursor)
    ? readLoop(cursor, start, ']', depth)
    : { is: 'list', items: readItems(cursor, ']', depth).items }
}

const readItems = (cursor: HclCursor, end: string, depth: number): { items: HclValue[]; isSpread: boolean } => {
  const items: HclValue[] = []
  let isSpread = false
  for (;;) {
    skip(cursor, true)
    if (takes(cursor, end)) return { items, isSpread }
    items.push(readArgument(cursor, depth))
    skip(cursor, true)
    isSpread = takes(cursor, '...')
    skip(cursor, true)
    if (!takes(cursor, ',') && here(cursor) !== end) throw new HclError(cursor.at, `\`${end}\` is missing`)
  }
}

// Dots may follow the last argument of a call.
const readArgument = (cursor: HclCursor, depth: number): HclValue => {
  const { at } = cursor
  const value = readExpression(cursor, depth + 1, true, readTerm)
  skip(cursor, true)
  if (value !== undefined && (isAtEnd(cursor) || startsWith(cursor, '...'))) return value
  skipRest(cursor, true, depth)
  if (cursor.at === at) throw new HclError(at, 'a value is missing')
  return { is: 'unknown', text: textSince(cursor, at) }
}

const readObject = (cursor: HclCursor, depth: number): HclValue => {
  const start = cursor.at
  cursor.at += 1
  if (isLoop(cursor)) return readLoop(cursor, start, '}', depth)
  const entries: HclEntry[] = []
  for (;;) {
    skip(cursor, true)
    if (takes(cursor, '}')) return { is: 'object', entries }
    const line = cursor.lineOf(cursor.at)
    const key = readKey(cursor, depth)
    skip(cursor, false)
    if (!takes(cursor, '=') && !takes(cursor, ':')) throw new HclError(cursor.at, '`=` is missing')
    entries.push({ ...key, value: readValue(cursor, depth + 1, false), line })
    skip(cursor, false)
    if (!takes(cursor, ',') && !/[\n}]/.test(here(cursor))) throw new HclError(cursor.at, '`}` is missing')
  }
}

const readKey = (cursor: HclCursor, depth: number): Pick<HclEntry, 'key' | 'computedKey'> => {
  const start = cursor.at
  if (here(cursor) === '"') {
    const value = readQuoted(cursor, depth)
    if (value.is === 'literal') return { key: String(value.value) }
    return { key: cursor.text.slice(start + 1, cursor.at - 1), computedKey: value }
  }
  if (here(cursor) === '(') {
    cursor.at += 1
    const value = readValue(cursor, depth + 1, true)
    expects(cursor, ')')
    return { key: textSince(cursor, start), computedKey: value }
  }
  const name = readName(cursor) || readDigits(cursor)
  if (name === '') throw new HclError(start, 'a name is missing')
  if (here(cursor) !== '.') return { key: name }
  const value = readReference(cursor, name)
  return { key: textSince(cursor, start), computedKey: value }
}

const isLoop = (cursor: HclCursor): boolean => {
  const { at } = cursor
  skip(cursor, true)
  const is = startsWith(cursor, 'for') && /[\s]/.test(cursor.text[cursor.at + 3] ?? '')
  cursor.at = at
  return is
}

const readLoop = (cursor: HclCursor, start: number, end: ']' | '}', depth: number): HclValue => {
  const parts = readLoopParts(cursor, end === '}', depth, readTerm)
  skip(cursor, true)
  if (parts && takes(cursor, end)) return { ...parts, text: textSince(cursor, start) }
  skipRest(cursor, true, 0)
  while (here(cursor) === ',') {
    cursor.at += 1
    skipRest(cursor, true, 0)
  }
  expects(cursor, end)
  return { is: 'unknown', text: textSince(cursor, start) }
}

// To the end of a value that is not understood: over whatever is quoted or in brackets.
const skipRest = (cursor: HclCursor, overLines: boolean, depth: number): void => {
  const open: string[] = []
  while (cursor.at < cursor.end) {
    const char = here(cursor)
    if (char === '"') readQuoted(cursor, depth)
    else if (/^<<-?[A-Za-z_]/.test(cursor.text.slice(cursor.at, cursor.at + 4))) readHeredoc(cursor, depth)
    else if (char === '#' || startsWith(cursor, '//') || startsWith(cursor, '/*')) skip(cursor, false)
    else {
      if (open.length === 0 && (CLOSES.has(char) || char === ',' || (char === '\n' && !overLines))) return
      stepInto(open, char, cursor.at)
      cursor.at += 1
    }
  }
}

// Keeps the brackets that are open, by how each is closed.
const stepInto = (open: string[], char: string, at: number): void => {
  if (CLOSES.has(char) && open.pop() !== char) throw new HclError(at, 'brackets do not match')
  const closes = OPENS.get(char)
  if (closes === undefined) return
  if (open.length > DEPTH_MAX) throw new HclError(at, 'nested too deeply')
  open.push(closes)
}

const OPENS = new Map([
  ['(', ')'],
  ['[', ']'],
  ['{', '}'],
])
const CLOSES = new Set(OPENS.values())

/** Reads a quoted text, with the values in it. */
export const readQuoted = (cursor: HclCursor, depth: number): HclValue => {
  const start = cursor.at
  cursor.at += 1
  const value = readTemplate(cursor, depth, (char) => char === '"')
  if (!takes(cursor, '"')) throw new HclError(start, 'a quoted text does not end')
  return value
}

const readHeredoc = (cursor: HclCursor, depth: number): HclValue => {
  const start = cursor.at
  cursor.at += 2
  takes(cursor, '-')
  const mark = readName(cursor)
  const first = cursor.text.indexOf('\n', cursor.at) + 1
  if (mark === '' || first === 0 || first > cursor.end)
    throw new HclError(start, 'a text of several lines does not end')
  for (let at = first; at < cursor.end; ) {
    const next = cursor.text.indexOf('\n', at)
    const lineEnd = next === -1 || next > cursor.end ? cursor.end : next
    if (lineEnd - at < 200 + mark.length && cursor.text.slice(at, lineEnd).trim() === mark) {
      const inner: HclCursor = { ...cursor, at: first, end: Math.max(first, at - 1) }
      const value = readTemplate(inner, depth, undefined)
      cursor.at = lineEnd
      return value
    }
    at = lineEnd + 1
  }
  throw new HclError(start, 'a text of several lines does not end')
}

/** Reads text up to a mark, or to the end where there is none; only quoted text has escapes. */
export const readTemplate = (
  cursor: HclCursor,
  depth: number,
  isEnd: ((char: string) => boolean) | undefined,
): HclValue => {
  const parts: HclValue[] = []
  const pieces: string[] = []
  const flush = () => {
    if (pieces.length > 0) parts.push({ is: 'literal', value: pieces.splice(0).join('') })
  }
  let from = cursor.at
  const take = (until: number) => {
    if (until > from) pieces.push(cursor.text.slice(from, until))
  }
  while (cursor.at < cursor.end && !isEnd?.(here(cursor))) {
    const char = here(cursor)
    if (isEnd && char === '\n') throw new HclError(cursor.at, 'a quoted text does not end')
    if (isEnd && char === '\\') {
      take(cursor.at)
      pieces.push(unescaped(cursor))
      from = cursor.at
    } else if (startsWith(cursor, '$${') || startsWith(cursor, '%%{')) {
      take(cursor.at + 1)
      cursor.at += 2
      from = cursor.at
    } else if (startsWith(cursor, '${') || startsWith(cursor, '%{')) {
      take(cursor.at)
      flush()
      parts.push(readPlaced(cursor, depth, char === '%'))
      from = cursor.at
    } else cursor.at += 1
  }
  take(cursor.at)
  flush()
  const [only] = parts
  if (parts.length === 0) return { is: 'literal', value: '' }
  return only && parts.length === 1 ? only : { is: 'template', parts }
}

// `${…}` or `%{…}`, either of which may eat the blanks beside it.
const readPlaced = (cursor: HclCursor, depth: number, isDirective: boolean): HclValue => {
  const start = cursor.at
  cursor.at += 2
  takes(cursor, '~')
  const value = isDirective ? skipped(cursor, start, depth) : readValue(cursor, depth + 1, true)
  skip(cursor, true)
  takes(cursor, '~')
  expects(cursor, '}')
  return value
}

const skipped = (cursor: HclCursor, start: number, depth: number): HclValue => {
  skipRest(cursor, true, depth)
  return { is: 'unknown', text: textSince(cursor, start) }
}

const ESCAPES = new Map([
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['"', '"'],
  ['\\', '\\'],
])

const unescaped = (cursor: HclCursor): string => {
  const mark = cursor.text[cursor.at + 1] ?? ''
  const length = mark === 'u' ? 4 : mark === 'U' ? 8 : 0
  const code = Number.parseInt(cursor.text.slice(cursor.at + 2, cursor.at + 2 + length), 16)
  cursor.at += 2 + length
  if (length > 0) return code >= 0 && code <= 0x10ffff ? String.fromCodePoint(code) : ''
  return ESCAPES.get(mark) ?? mark
}
