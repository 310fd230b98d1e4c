import type { ScannedFile } from './file.ts'
import type { Problem } from './report.ts'
import type { YamlValue } from './yaml-file.ts'

/** The value of a JSON file, and what is wrong with it. */
export interface JsonFile {
  readonly root: YamlValue | undefined
  readonly problems: readonly Problem[]
}

/** A parsed file takes some fifteen times its size in memory. */
export const JSON_BYTES_MAX = 16 * 1024 * 1024

/** Reads JSON with its lines; comments and commas too many, which editors allow in their settings, are allowed here. It never throws. */
export const readJson = (file: ScannedFile): JsonFile => {
  const failed = (reason: Problem['reason'], detail: string, line?: number): JsonFile => ({
    root: undefined,
    problems: [{ path: file.path, reason, detail, ...(line === undefined ? {} : { line }) }],
  })
  if (file.bytes.length > JSON_BYTES_MAX) {
    return failed('too-large', `more than ${JSON_BYTES_MAX} bytes: searched for secrets, but not read as JSON`)
  }
  const cursor: Cursor = { text: file.text(), at: 0, line: 1, valuesLeft: VALUES_MAX, wrong: BROKEN }
  const root = readValue(cursor, 0)
  skip(cursor)
  return root && cursor.at >= file.text().length
    ? { root, problems: [] }
    : failed('bad-json', cursor.wrong, cursor.line)
}

/** Reads a text of JSON that lies in another file, whose line it starts on; nothing when it is none. */
export const readJsonText = (text: string, line: number): YamlValue | undefined => {
  const cursor: Cursor = { text, at: 0, line, valuesLeft: VALUES_MAX, wrong: BROKEN }
  const root = readValue(cursor, 0)
  skip(cursor)
  return cursor.at >= text.length ? root : undefined
}

/** Reads values that stand one behind the other, as `gh api --paginate` and `jq` write pages; nothing when anything else stands there. */
export const readJsonSeries = (file: ScannedFile): readonly YamlValue[] | undefined => {
  if (file.bytes.length > JSON_BYTES_MAX) return undefined
  const text = file.text()
  const cursor: Cursor = { text, at: 0, line: 1, valuesLeft: VALUES_MAX, wrong: BROKEN }
  const values: YamlValue[] = []
  for (skip(cursor); cursor.at < text.length; skip(cursor)) {
    const value = readValue(cursor, 0)
    if (!value?.isMap && !value?.isList) return undefined
    values.push(value)
  }
  return values
}

const BROKEN = 'broken JSON'
const DEPTH_MAX = 64
const VALUES_MAX = 1_000_000

interface Entry {
  readonly key: string
  readonly line: number
  readonly value: YamlValue
}

const NO_ENTRIES: readonly Entry[] = []
const NO_ITEMS: readonly YamlValue[] = []

const scalar = (text: string | undefined, line: number): YamlValue => ({
  line,
  textLine: line,
  tag: '',
  text,
  isMap: false,
  isList: false,
  get: () => undefined,
  entries: () => NO_ENTRIES,
  items: () => NO_ITEMS,
})

const map = (entries: readonly Entry[], line: number): YamlValue => ({
  ...scalar(undefined, line),
  isMap: true,
  get: (key) => entries.find((entry) => entry.key === key)?.value,
  entries: () => entries,
})

const list = (items: readonly YamlValue[], line: number): YamlValue => ({
  ...scalar(undefined, line),
  isList: true,
  items: () => items,
})

interface Cursor {
  readonly text: string
  at: number
  line: number
  valuesLeft: number
  wrong: string
}

// One pass over the text, each character once; `undefined` is what is broken, and the cursor stands on it.
const readValue = (cursor: Cursor, depth: number): YamlValue | undefined => {
  skip(cursor)
  cursor.valuesLeft -= 1
  if (depth > DEPTH_MAX) cursor.wrong = 'nested too deeply'
  if (cursor.valuesLeft < 0) cursor.wrong = `more than ${VALUES_MAX} values`
  if (cursor.wrong !== BROKEN) return undefined
  const { text, at: start, line } = cursor
  if (text[start] === '{') return readMap(cursor, depth)
  if (text[start] === '[') return readList(cursor, depth)
  if (text[start] === '"') {
    const string = readString(cursor)
    return string === undefined ? undefined : scalar(string, line)
  }
  while (isPlain(text.charCodeAt(cursor.at))) cursor.at += 1
  const word = text.slice(start, cursor.at)
  return word === '' ? undefined : scalar(word === 'null' ? undefined : word, line)
}

const readMap = (cursor: Cursor, depth: number): YamlValue | undefined => {
  const { line } = cursor
  const entries: Entry[] = []
  cursor.at += 1
  while (!takes(cursor, '}')) {
    const keyLine = cursor.line
    const key = cursor.text[cursor.at] === '"' ? readString(cursor) : undefined
    if (key === undefined || !takes(cursor, ':')) return undefined
    const value = readValue(cursor, depth + 1)
    if (!value || !isSeparated(cursor, '}')) return undefined
    entries.push({ key, line: keyLine, value })
  }
  return map(entries, line)
}

const readList = (cursor: Cursor, depth: number): YamlValue | undefined => {
  const { line } = cursor
  const items: YamlValue[] = []
  cursor.at += 1
  while (!takes(cursor, ']')) {
    const value = readValue(cursor, depth + 1)
    if (!value || !isSeparated(cursor, ']')) return undefined
    items.push(value)
  }
  return list(items, line)
}

const takes = (cursor: Cursor, mark: string): boolean => {
  skip(cursor)
  if (cursor.text[cursor.at] !== mark) return false
  cursor.at += 1
  return true
}

const isSeparated = (cursor: Cursor, end: string): boolean => {
  if (takes(cursor, ',')) return true
  return cursor.text[cursor.at] === end
}

const readString = (cursor: Cursor): string | undefined => {
  const { text, at: start } = cursor
  for (let at = start + 1; at < text.length && text[at] !== '\n'; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '"') {
      cursor.at = at + 1
      return unescaped(text.slice(start, at + 1))
    }
  }
  return undefined
}

const skip = (cursor: Cursor): void => {
  const { text } = cursor
  for (; cursor.at < text.length; cursor.at += 1) {
    const char = text[cursor.at]
    if (char === '\n') cursor.line += 1
    else if (char === '/' && text[cursor.at + 1] === '/') skipTo(cursor, '\n', 0)
    else if (char === '/' && text[cursor.at + 1] === '*') skipTo(cursor, '*/', 2)
    else if (char !== ' ' && char !== '\t' && char !== '\r') return
  }
}

const skipTo = (cursor: Cursor, mark: string, taken: number): void => {
  const found = cursor.text.indexOf(mark, cursor.at + 2)
  const end = found === -1 ? cursor.text.length : found + taken
  const { text } = cursor
  for (let at = text.indexOf('\n', cursor.at); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) cursor.line += 1
  cursor.at = end - 1
}

const unescaped = (quoted: string): string | undefined => {
  if (!quoted.includes('\\')) return quoted.slice(1, -1)
  try {
    const text: unknown = JSON.parse(quoted)
    return typeof text === 'string' ? text : undefined
  } catch {
    return undefined
  }
}

const isPlain = (code: number): boolean =>
  (code >= 48 && code <= 57) ||
  (code >= 65 && code <= 90) ||
  (code >= 97 && code <= 122) ||
  code === 43 ||
  code === 45 ||
  code === 46
