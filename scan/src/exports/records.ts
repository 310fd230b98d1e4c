import type { ScannedFile } from '../file.ts'
import { readJson, readJsonSeries, readJsonText } from '../json-file.ts'
import type { Problem } from '../report.ts'
import { eachDocument, isYaml, type YamlValue } from '../yaml-file.ts'
import { cutShort } from './cut-short.ts'

/** One object of an export, wherever in the file it lies; what has another shape than expected reads as nothing. */
export interface ExportRecord {
  readonly line: number
  /** The names on the way to it: `accounts`, or whatever a tool saved an answer under. */
  readonly under: string
  /** The object that it lies in, through whatever lists. */
  readonly parent: ExportRecord | undefined
  /** A field under its name in camel case, or as Python's clients write it. */
  has(field: string): boolean
  /** The first that has a text; empty when none has. */
  text(...fields: readonly string[]): string
  texts(field: string): readonly string[]
  is(field: string): boolean
  child(field: string): ExportRecord
  children(field: string): readonly ExportRecord[]
  /** The names of its fields. */
  names(): readonly string[]
}

/** The objects of an export, and what is wrong with the file. */
export interface Records {
  readonly all: readonly ExportRecord[]
  readonly problems: readonly Problem[]
}

/** The problems of a file whose objects told something: those of its form, and that its answer stops before the end. */
export const problemsOf = (file: ScannedFile, { all, problems }: Records, seen: number): readonly Problem[] => {
  const detail = seen === 0 ? undefined : cutShort(all.filter(({ parent }) => parent === undefined))
  return detail === undefined ? problems : [...problems, { path: file.path, reason: 'incomplete', detail }]
}

/** Every object of a file of JSON, or of one with a value on each line. A file is read once, and its problems told once. */
export const recordsOf = (file: ScannedFile): Records => {
  const known = read.get(file)
  if (known) return { all: known.all, problems: [] }
  const records = parse(file)
  read.set(file, records)
  return records
}

const read = new WeakMap<ScannedFile, Records>()
const RECORDS_MAX = 500_000
const DEPTH_MAX = 40

const parse = (file: ScannedFile): Records => {
  const all: ExportRecord[] = []
  if (isYaml(file)) {
    // What is wrong with YAML is told once for all sources.
    for (const root of eachDocument(file, () => true)) gather(root, '', 0, undefined, all)
    return { all, problems: [] }
  }
  const roots = LINES.has(file.extension) ? undefined : readJson(file)
  const lines = roots?.root === undefined ? inSeries(file) : undefined
  const problems = lines ? lines.problems : (roots?.problems ?? [])
  for (const root of lines ? lines.roots : roots?.root ? [roots.root] : []) gather(root, '', 0, undefined, all)
  if (all.length < RECORDS_MAX) return { all, problems }
  const detail = `more than ${RECORDS_MAX} objects: the rest is left out`
  return { all, problems: [...problems, { path: file.path, reason: 'too-many', detail }] }
}

const inSeries = (file: ScannedFile): { roots: readonly YamlValue[]; problems: readonly Problem[] } => {
  const roots = LINES.has(file.extension) ? undefined : readJsonSeries(file)
  return roots && roots.length > 0 ? { roots, problems: [] } : byLine(file)
}

const LINES = new Set(['jsonl', 'ndjson'])

// `jq -c`, trufflehog and many exports write one value a line.
const byLine = (file: ScannedFile): { roots: YamlValue[]; problems: readonly Problem[] } => {
  const roots: YamlValue[] = []
  let broken = 0
  let line = 0
  for (const text of file.text().split('\n')) {
    line += 1
    if (text.trim() === '') continue
    const value = readJsonText(text, line)
    if (value?.isMap || value?.isList) roots.push(value)
    else broken += 1
  }
  if (broken === 0) return { roots, problems: [] }
  // A single value over many lines that is broken is broken JSON; some bad lines among good ones are lost lines.
  const isOne = roots.length === 0 || broken > roots.length
  const found = isOne ? readJson(file).problems : []
  const detail = `lines that are no JSON: ${broken}`
  return isOne && found.length > 0
    ? { roots: [], problems: found }
    : { roots, problems: [{ path: file.path, reason: 'bad-line', detail }] }
}

const gather = (
  value: YamlValue,
  under: string,
  depth: number,
  parent: ExportRecord | undefined,
  all: ExportRecord[],
): void => {
  if (depth > DEPTH_MAX || all.length >= RECORDS_MAX) return
  if (value.isMap) {
    const record = recordOf(value, under, parent)
    all.push(record)
    for (const { key, value: inner } of value.entries()) {
      gather(inner, under === '' ? key : `${under}.${key}`.slice(-300), depth + 1, record, all)
    }
  } else if (value.isList) for (const item of value.items()) gather(item, under, depth + 1, parent, all)
  else if (value.text !== undefined && /^\s{0,40}[[{]/.test(value.text)) {
    // Some tools save an answer as the text that came.
    const inner = readJsonText(value.text, value.line)
    if (inner) gather(inner, under, depth + 1, parent, all)
  }
}

const snake = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)

const recordOf = (value: YamlValue, under: string, parent: ExportRecord | undefined): ExportRecord => {
  const at = (field: string): YamlValue | undefined => value.get(field) ?? value.get(snake(field))
  return {
    line: value.line,
    under,
    parent,
    has: (field) => at(field) !== undefined,
    text: (...fields) => fields.map((field) => at(field)?.text).find((text) => text !== undefined && text !== '') ?? '',
    texts: (field) => {
      const found = at(field)
      const items = found?.isList ? found.items() : found ? [found] : []
      return items.flatMap(({ text }) => (text === undefined ? [] : [text]))
    },
    is: (field) => /^true$/i.test(at(field)?.text ?? ''),
    child: (field) => recordOf(at(field) ?? NOTHING, under, parent),
    children: (field) => {
      const found = at(field)
      const items = found?.isList ? found.items() : found?.isMap ? [found] : []
      return items.filter(({ isMap }) => isMap).map((item) => recordOf(item, under, parent))
    },
    names: () => value.entries().map(({ key }) => key),
  }
}

const NOTHING: YamlValue = {
  line: 1,
  textLine: 1,
  tag: '',
  text: undefined,
  isMap: false,
  isList: false,
  get: () => undefined,
  entries: () => [],
  items: () => [],
}
