import type { DerivedFlag } from './derived-flags.ts'
import { closest } from './suggest.ts'

/** What a flag's text stands for, or why it stands for nothing. */
export type FlagValue = { readonly value: unknown } | { readonly problem: string }

/** Reads what was given after a flag: one text, or a list where the flag may be repeated. */
export const readFlag = (flag: DerivedFlag, given: unknown, now: Date): FlagValue => {
  if (flag.isNullable && given === 'null') return { value: null }
  return READERS[flag.kind](flag, given, now)
}

type Reader = (flag: DerivedFlag, given: unknown, now: Date) => FlagValue

const READERS: Readonly<Record<DerivedFlag['kind'], Reader>> = {
  text: (flag, given) => chosen(flag, [String(given)]) ?? { value: given },
  boolean: (_flag, given) => ({ value: given }),
  number: (flag, given) => readNumber(flag, String(given)),
  time: (_flag, given, now) => readTime(String(given), now),
  list: (flag, given) => {
    // No choice has a comma in it, so that commas can only be meant to separate.
    const values = flag.choices.length > 0 ? textsOf(given).flatMap((text) => text.split(',')) : textsOf(given)
    return chosen(flag, values) ?? { value: values }
  },
  record: (_flag, given) => {
    const pairs = textsOf(given).map(pairOf)
    const odd = pairs.find(([, value]) => value === undefined)
    return odd === undefined
      ? { value: Object.fromEntries(pairs) }
      : { problem: `reads key=value, and \`${odd[0]}\` has no =` }
  },
  objects: (flag, given) => readObjects(flag, textsOf(given)),
  json: (_flag, given) => parsed(String(given)) ?? { problem: 'is not valid JSON' },
}

const textsOf = (given: unknown): string[] => (Array.isArray(given) ? given.map(String) : [String(given)])

const chosen = (flag: DerivedFlag, values: readonly string[]): FlagValue | undefined => {
  if (flag.choices.length === 0) return undefined
  const wrong = values.find((value) => !flag.choices.includes(value))
  if (wrong === undefined) return undefined
  const near = closest(wrong, flag.choices)
  return {
    problem: `is one of ${flag.choices.join(', ')}; not \`${wrong}\`${near === undefined ? '' : ` (did you mean ${near}?)`}`,
  }
}

const readNumber = ({ schema }: DerivedFlag, text: string): FlagValue => {
  const min = typeof schema.minimum === 'number' ? schema.minimum : Number.NEGATIVE_INFINITY
  const max = typeof schema.maximum === 'number' ? schema.maximum : Number.POSITIVE_INFINITY
  const isWhole = schema.type === 'integer'
  const value = Number(text)
  const fits = /^-?\d+(\.\d+)?$/.test(text) && value >= min && value <= max && (!isWhole || Number.isInteger(value))
  if (fits) return { value }
  const range = max < Number.MAX_SAFE_INTEGER ? ` from ${min} to ${max}` : Number.isFinite(min) ? ` from ${min}` : ''
  return { problem: `is a ${isWhole ? 'whole ' : ''}number${range}; not \`${text}\`` }
}

const SPANS_MS: Readonly<Record<string, number>> = { d: 86_400_000, h: 3_600_000, m: 60_000 }

/** A moment: as ISO 8601, as a date, or as a time from now such as 30d, 12h or 15m. */
export const readTime = (text: string, now: Date): FlagValue => {
  const [, count = '', unit = ''] = /^(\d{1,5})([dhm])$/.exec(text) ?? []
  if (unit !== '') return { value: new Date(now.getTime() + Number(count) * (SPANS_MS[unit] ?? 0)).toISOString() }
  const isIso = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2}))?$/.test(text)
  const at = new Date(text)
  if (isIso && !Number.isNaN(at.getTime())) return { value: at.toISOString() }
  return { problem: `is a time such as 2027-01-31, 2027-01-31T12:00:00Z or 30d from now; not \`${text}\`` }
}

/** Each text is JSON, or `key=value,key=value`; a word alone is the first key. A key that comes twice is a list. */
const readObjects = (flag: DerivedFlag, texts: readonly string[]): FlagValue => {
  const objects: unknown[] = []
  for (const text of texts) {
    const read = /^\s*[[{]/.test(text) ? (parsed(text) ?? { problem: 'is not valid JSON' }) : readPairs(flag, text)
    if ('problem' in read) return read
    objects.push(...(Array.isArray(read.value) ? read.value : [read.value]))
  }
  return { value: objects }
}

const readPairs = (flag: DerivedFlag, text: string): FlagValue => {
  const object: Record<string, unknown> = {}
  for (const part of text.split(',')) {
    const [first, second] = pairOf(part)
    const [key, value] = second === undefined ? [flag.keys[0] ?? '', first] : [first, second]
    if (!flag.keys.includes(key)) return { problem: `has the keys ${flag.keys.join(', ')}; not \`${key}\`` }
    const type = typeOf(flag, key)
    if (type === 'boolean' && value !== 'true' && value !== 'false')
      return { problem: `takes true or false for ${key}; not \`${value}\`` }
    object[key] = type === 'boolean' ? value === 'true' : together(object[key], value, type === 'array')
  }
  return { value: object }
}

const together = (before: unknown, value: string, isList: boolean): unknown =>
  isList || before !== undefined ? [...(Array.isArray(before) ? before : []), value] : value

const typeOf = (flag: DerivedFlag, key: string): unknown => {
  const properties = recordOf(recordOf(flag.schema.items).properties)
  return recordOf(properties[key]).type
}

const pairOf = (text: string): [string, string | undefined] => {
  const at = text.indexOf('=')
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)]
}

const parsed = (text: string): { readonly value: unknown } | undefined => {
  try {
    return { value: JSON.parse(text) }
  } catch {
    return undefined
  }
}

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {}
