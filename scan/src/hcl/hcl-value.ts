import { type HclEntry, HclError, type HclValue } from './hcl-body.ts'
import { expects, type HclCursor, here, readName, skip, startsWith, takes } from './hcl-cursor.ts'

/** Reads the value that stands at the cursor; lines end it, but for those inside of brackets. */
export const readValue = (cursor: HclCursor, depth: number, overLines: boolean): HclValue => {
  cursor.budget.valuesLeft -= 1
  if (depth > DEPTH_MAX) throw new HclError(cursor.at, 'nested too deeply')
  if (cursor.budget.valuesLeft < 0) throw new HclError(cursor.at, 'too many values')
  skip(cursor, overLines)
  const start = cursor.at
  const value = readTerm(cursor, depth)
  skip(cursor, overLines)
  if (value !== undefined && isAtEnd(cursor)) return value
  skipRest(cursor, overLines, depth)
  if (cursor.at === start) throw new HclError(start, 'a value is missing')
  return { is: 'unknown', text: cursor.text.slice(start, Math.min(cursor.at, start + UNKNOWN_CHARS_MAX)).trim() }
}

const DEPTH_MAX = 64
const UNKNOWN_CHARS_MAX = 120

const isAtEnd = (cursor: HclCursor): boolean => /^[\n,\]})~]?$/.test(here(cursor))

const readTerm = (cursor: HclCursor, depth: number): HclValue | undefined => {
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
  if (/[0-9-]/.test(char)) return readNumber(cursor)
  const name = readName(cursor)
  if (name === '') return undefined
  if (name === 'true' || name === 'false') return { is: 'literal', value: name === 'true' }
  if (name === 'null') return { is: 'literal', value: null }
  while (takes(cursor, '::')) readName(cursor)
  return here(cursor) === '(' ? readCall(cursor, name, depth) : readReference(cursor, name, depth)
}

const readNumber = (cursor: HclCursor): HclValue | undefined => {
  const start = cursor.at
  while (/[0-9.eE+-]/.test(here(cursor)) && cursor.at - start < 40) cursor.at += 1
  const value = Number(cursor.text.slice(start, cursor.at))
  return Number.isNaN(value) ? undefined : { is: 'literal', value }
}

const readReference = (cursor: HclCursor, first: string, depth: number): HclValue | undefined => {
  const path = [first]
  for (;;) {
    if (here(cursor) === '.' && !startsWith(cursor, '...')) {
      cursor.at += 1
      const step = takes(cursor, '*') ? '*' : readName(cursor) || readDigits(cursor)
      if (step === '') return undefined
      if (!/^(?:\*|\d{1,9})$/.test(step)) path.push(step)
    } else if (here(cursor) === '[') {
      const index = readIndex(cursor, depth)
      if (index !== undefined) path.push(index)
    } else return { is: 'reference', path: path.join('.') }
  }
}

// What stands in the brackets, if it is a name.
const readIndex = (cursor: HclCursor, depth: number): string | undefined => {
  cursor.at += 1
  skip(cursor, true)
  const index = takes(cursor, '*') ? undefined : readValue(cursor, depth + 1, true)
  skip(cursor, true)
  expects(cursor, ']')
  return index?.is === 'literal' && typeof index.value === 'string' ? index.value : undefined
}

const readDigits = (cursor: HclCursor): string => {
  const start = cursor.at
  while (/[0-9]/.test(here(cursor))) cursor.at += 1
  return cursor.text.slice(start, cursor.at)
}

const readCall = (cursor: HclCursor, name: string, depth: number): HclValue | undefined => {
  cursor.at += 1
  const args = readItems(cursor, ')', depth)
  // What is taken out of an answer is not known; what hides that it is secret hands it on.
  if (here(cursor) === '.' || here(cursor) === '[') return undefined
  return { is: 'call', name, args }
}

const readList = (cursor: HclCursor, depth: number): HclValue => {
  const start = cursor.at
  cursor.at += 1
  return isLoop(cursor) ? readLoop(cursor, start, ']') : { is: 'list', items: readItems(cursor, ']', depth) }
}

const readItems = (cursor: HclCursor, end: string, depth: number): HclValue[] => {
  const items: HclValue[] = []
  for (;;) {
    skip(cursor, true)
    if (takes(cursor, end)) return items
    items.push(readValue(cursor, depth + 1, true))
    skip(cursor, true)
    takes(cursor, '...')
    skip(cursor, true)
    if (!takes(cursor, ',') && here(cursor) !== end) throw new HclError(cursor.at, `\`${end}\` is missing`)
  }
}

const readObject = (cursor: HclCursor, depth: number): HclValue => {
  const start = cursor.at
  cursor.at += 1
  if (isLoop(cursor)) return readLoop(cursor, start, '}')
  const entries: HclEntry[] = []
  for (;;) {
    skip(cursor, true)
    if (takes(cursor, '}')) return { is: 'object', entries }
    const line = cursor.lineOf(cursor.at)
    const key = readKey(cursor, depth)
    skip(cursor, false)
    if (!takes(cursor, '=') && !takes(cursor, ':')) throw new HclError(cursor.at, '`=` is missing')
    entries.push({ key, value: readValue(cursor, depth + 1, false), line })
    skip(cursor, false)
    if (!takes(cursor, ',') && !/[\n}]/.test(here(cursor))) throw new HclError(cursor.at, '`}` is missing')
  }
}

const readKey = (cursor: HclCursor, depth: number): string => {
  const start = cursor.at
  if (here(cursor) === '"') {
    const value = readQuoted(cursor, depth)
    return value.is === 'literal' ? String(value.value) : cursor.text.slice(start + 1, cursor.at - 1)
  }
  if (here(cursor) === '(') {
    cursor.at += 1
    readValue(cursor, depth + 1, true)
    expects(cursor, ')')
    return cursor.text.slice(start, Math.min(cursor.at, start + UNKNOWN_CHARS_MAX))
  }
  const name = readName(cursor) || readDigits(cursor)
  if (name === '') throw new HclError(start, 'a name is missing')
  while (here(cursor) === '.') {
    cursor.at += 1
    readName(cursor)
  }
  return cursor.text.slice(start, Math.min(cursor.at, start + UNKNOWN_CHARS_MAX))
}

const isLoop = (cursor: HclCursor): boolean => {
  const { at } = cursor
  skip(cursor, true)
  const is = startsWith(cursor, 'for') && /[\s]/.test(cursor.text[cursor.at + 3] ?? '')
  cursor.at = at
  return is
}

const readLoop = (cursor: HclCursor, start: number, end: string): HclValue => {
  skipRest(cursor, true, 0)
  while (here(cursor) === ',') {
    cursor.at += 1
    skipRest(cursor, true, 0)
  }
  expects(cursor, end)
  return { is: 'unknown', text: cursor.text.slice(start, Math.min(cursor.at, start + UNKNOWN_CHARS_MAX)) }
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
      if (CLOSES.has(char)) {
        if (open.length === 0) return
        if (open.pop() !== char) throw new HclError(cursor.at, 'brackets do not match')
      } else if (OPENS.has(char)) {
        if (open.length > DEPTH_MAX) throw new HclError(cursor.at, 'nested too deeply')
        open.push(OPENS.get(char) ?? '')
      } else if (open.length === 0 && (char === ',' || (char === '\n' && !overLines))) return
      cursor.at += 1
    }
  }
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
      const isDirective = char === '%'
      const start = cursor.at
      cursor.at += 2
      takes(cursor, '~')
      const value = isDirective ? skipped(cursor, start, depth) : readValue(cursor, depth + 1, true)
      skip(cursor, true)
      takes(cursor, '~')
      expects(cursor, '}')
      parts.push(value)
      from = cursor.at
    } else cursor.at += 1
  }
  take(cursor.at)
  flush()
  const [only] = parts
  if (parts.length === 0) return { is: 'literal', value: '' }
  return only && parts.length === 1 ? only : { is: 'template', parts }
}

const skipped = (cursor: HclCursor, start: number, depth: number): HclValue => {
  skipRest(cursor, true, depth)
  return { is: 'unknown', text: cursor.text.slice(start, Math.min(cursor.at, start + UNKNOWN_CHARS_MAX)) }
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
