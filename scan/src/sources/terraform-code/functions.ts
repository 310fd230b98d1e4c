import { textsOf } from '../../json-value.ts'
import {
  entriesOf,
  isKnown,
  isKnownText,
  isMap,
  isOpenEnded,
  isWholeUnknown,
  listOf,
  openEnded,
  unknown,
} from './known.ts'

/** What a function of the language makes of values; the text `${…}` where it is not known. Linear in what it is given. */
export const callFunction = (name: string, args: readonly unknown[]): unknown => {
  const made = FUNCTIONS.get(name)?.(...args)
  return made === undefined ? unknown(`${name}(…)`) : made
}

/** How long a text may become: one that is put together of itself ends where no file of people's would. */
const TEXT_CHARS_MAX = 65_536
const RANGE_MAX = 1000

/** A value as it stands in a text. */
export const plainText = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '${…}'

/** Pieces as one text. */
export const joined = (parts: readonly string[]): string => {
  let text = ''
  for (const part of parts) {
    if (text.length + part.length > TEXT_CHARS_MAX) return `${text}\${…}`
    text += part
  }
  return text
}

/** A text of JSON as its value. */
export const parsed = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return '${…}'
  }
}

type Called = (...args: readonly unknown[]) => unknown

// They change how a value is kept or shown, not what it is.
const same: Called = (value) => value

const ofText =
  (change: (text: string) => string): Called =>
  (text) =>
    isKnownText(text) ? change(text) : undefined

const concat: Called = (...lists: readonly unknown[]) =>
  openEnded(
    lists.flat(),
    lists.some((list) => !Array.isArray(list) || isOpenEnded(list)),
  )

const flat = (value: unknown): unknown[] => (Array.isArray(value) ? value.flatMap(flat) : [value])
// In a list of lists, one that is not known may be a list as well.
const isOpenInside = (value: unknown): boolean =>
  isOpenEnded(value) || (Array.isArray(value) && value.some((one) => isOpenInside(one) || isWholeUnknown(one)))

const kept =
  (keep: (list: readonly unknown[]) => unknown[]): Called =>
  (list) =>
    Array.isArray(list) ? openEnded(keep(list), isOpenEnded(list)) : undefined

const merge: Called = (...maps) => {
  const known = maps.map((map) => (map === null ? [] : entriesOf(map)))
  // Whatever comes later may have the same key.
  const from = known.lastIndexOf(undefined) + 1
  return openEnded(Object.fromEntries(known.slice(from).flatMap((entries) => entries ?? [])), from > 0)
}

const lookup: Called = (map, key, preset) => {
  if (!isMap(map) || !isKnownText(key)) return undefined
  if (Object.hasOwn(map, key)) return map[key]
  return isOpenEnded(map) ? undefined : preset
}

const coalesce: Called = (...values) => {
  const first = values.find((value) => value !== null && value !== '')
  return isWholeUnknown(first) ? undefined : first
}

const format: Called = (form, ...values) => {
  if (typeof form !== 'string') return undefined
  let at = 0
  return joined(form.split(/(%[sdqv])/).map((piece) => (/^%[sdqv]$/.test(piece) ? plainText(values[at++]) : piece)))
}

// Of what is there once or not at all, only that once has a name.
const join: Called = (mark, items) =>
  Array.isArray(items) && (!isOpenEnded(items) || items.length === 1)
    ? joined(textsOf(items).flatMap((item, at) => (at > 0 ? [plainText(mark), item] : [item])))
    : undefined

const split: Called = (mark, text) =>
  isKnownText(mark) && isKnownText(text) && mark !== '' ? text.split(mark) : undefined

const replace: Called = (text, what, by) =>
  // Between slashes stands a pattern of somebody else's.
  isKnownText(text) && isKnownText(what) && isKnownText(by) && what !== '' && !what.startsWith('/')
    ? joined(text.split(what).flatMap((piece, at) => (at > 0 ? [by, piece] : [piece])))
    : undefined

const length: Called = (value) =>
  isKnownText(value) ? value.length : (listOf(value)?.length ?? entriesOf(value)?.length)

const contains: Called = (list, value) => {
  const items = listOf(list)
  if (!items || !isKnown(value)) return undefined
  return items.includes(value) ? true : items.every(isKnown) ? false : undefined
}

const element: Called = (list, at) => {
  const items = listOf(list)
  return items && items.length > 0 && typeof at === 'number' && Number.isInteger(at) && at >= 0
    ? items[at % items.length]
    : undefined
}

const one: Called = (list) => {
  if (!Array.isArray(list)) return list
  if (list.length > 1) return undefined
  return list.length === 0 ? (isOpenEnded(list) ? undefined : null) : list[0]
}

const range: Called = (...limits) => {
  if (!limits.every((limit) => typeof limit === 'number')) return undefined
  const [start, end, step] = limits.length > 1 ? limits : [0, limits[0]]
  const by = step ?? 1
  const count = Math.ceil((Number(end) - Number(start)) / Number(by))
  return count >= 0 && count <= RANGE_MAX
    ? Array.from({ length: count }, (_, at) => Number(start) + at * Number(by))
    : undefined
}

const zipmap: Called = (keys, values) => {
  const names = listOf(keys)
  const items = listOf(values)
  return names?.every(isKnownText) && items
    ? Object.fromEntries(names.map((name, at) => [name, items[at] ?? null]))
    : undefined
}

const index: Called = (list, value) => {
  const items = listOf(list)
  const at = items?.every(isKnown) && isKnown(value) ? items.indexOf(value) : -1
  return at === -1 ? undefined : at
}

const setproduct: Called = (...lists) => {
  const known = lists.map(listOf)
  const count = known.reduce((product, list) => product * (list?.length ?? Number.NaN), 1)
  if (!(count <= RANGE_MAX)) return undefined
  return known.reduce<unknown[][]>(
    (sets, list) => sets.flatMap((set) => (list ?? []).map((one) => [...set, one])),
    [[]],
  )
}

const FUNCTIONS = new Map<string, Called>([
  ...['sensitive', 'nonsensitive', 'tostring', 'tolist', 'tomap', 'trimspace', 'chomp'].map(
    (name) => [name, same] as const,
  ),
  ['toset', (list) => (Array.isArray(list) ? openEnded([...new Set(list)], isOpenEnded(list)) : list)],
  ['tonumber', (value) => (isKnownText(value) ? Number(value) : value)],
  ['tobool', (value) => (value === 'true' ? true : value === 'false' ? false : value)],
  ['jsonencode', (value) => JSON.stringify(value)],
  ['jsondecode', (value) => (typeof value === 'string' ? parsed(value) : value)],
  ['concat', concat],
  ['flatten', (list) => openEnded(flat(list), isOpenInside(list) || !Array.isArray(list))],
  ['compact', kept((list) => list.filter((one) => one !== null && one !== ''))],
  ['distinct', kept((list) => [...new Set(list)])],
  ['sort', kept((list) => (list.every(isKnownText) ? [...list].sort() : [...list]))],
  ['reverse', kept((list) => [...list].reverse())],
  ['merge', merge],
  ['lookup', lookup],
  ['coalesce', coalesce],
  ['format', format],
  ['join', join],
  ['split', split],
  ['replace', replace],
  ['lower', ofText((text) => text.toLowerCase())],
  ['upper', ofText((text) => text.toUpperCase())],
  [
    'trimprefix',
    (text, start) =>
      isKnownText(text) && isKnownText(start) ? (text.startsWith(start) ? text.slice(start.length) : text) : undefined,
  ],
  [
    'trimsuffix',
    (text, end) =>
      isKnownText(text) && isKnownText(end)
        ? text.endsWith(end) && end !== ''
          ? text.slice(0, -end.length)
          : text
        : undefined,
  ],
  ['length', length],
  ['contains', contains],
  ['element', element],
  ['index', index],
  ['setproduct', setproduct],
  ['one', one],
  ['range', range],
  ['zipmap', zipmap],
  ['keys', (map) => entriesOf(map)?.map(([key]) => key)],
  ['values', (map) => entriesOf(map)?.map(([, value]) => value)],
])
