import { safeText } from './safe-text.ts'
import { renderTable } from './table.ts'
import { textWidth } from './text-width.ts'

/** Any answer of the server as text: a list as a table, an object as lines. Nothing for an empty list. */
export const showValue = (value: unknown, columns: number): string => {
  const record = recordOf(value)
  if (Array.isArray(record.items)) return showList(record.items, columns)
  return `${lines(record, '').join('\n')}\n`
}

/** A moment as a person reads it: to the minute, and always UTC. */
export const showTime = (iso: string): string => iso.replace(ISO, '$1 $2Z')

const ISO = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::\d{2}(?:\.\d+)?)?Z$/

// What tells one row from another comes first; the id is always there, and last: it is long, and for the next command.
const FIRST = [
  'severity',
  'name',
  'title',
  'kind',
  'state',
  'overlapEndsAt',
  'tier',
  'owner',
  'environment',
  'where',
  'identity',
]
const NEXT = [
  'resource',
  'bundle',
  'actions',
  'reason',
  'requester',
  'subject',
  'email',
  'roles',
  'source',
  'expiresAt',
]
const ORDER = [...FIRST, ...NEXT]
const COLUMNS_MAX = 7
// For programs, and in --json: the id comes last anyway.
const LEFT_OUT = new Set(['id', 'fingerprint', 'stableKey'])

const showList = (items: readonly unknown[], columns: number): string => {
  if (items.length === 0) return ''
  const records = items.map(recordOf)
  const names = [...new Set(records.flatMap(Object.keys))]
    .filter((name) => !LEFT_OUT.has(name) && records.some((record) => cellOf(record[name]) !== '-'))
    .filter((name) => records.every((record) => isShort(record[name])))
    .sort((one, other) => rank(one) - rank(other))
  const ids = records.some((record) => record.id !== undefined) ? ['id'] : []
  const shown = [...fitting(names.slice(0, COLUMNS_MAX), ids, records, columns), ...ids]
  const rows = records.map((record) => shown.map((name) => cellOf(record[name])))
  return renderTable(shown.map(headingOf), rows, columns)
}

/** As many columns as there is room for beside the id; the first one always. */
const fitting = (
  names: readonly string[],
  ids: readonly string[],
  records: readonly Record<string, unknown>[],
  columns: number,
): string[] => {
  const widthOf = (name: string) =>
    Math.max(name.length + 1, ...records.map((record) => textWidth(cellOf(record[name])))) + 2
  let room = columns - ids.reduce((sum, name) => sum + widthOf(name), 0)
  return names.filter((name, at) => {
    room -= widthOf(name)
    const fits = at === 0 || room >= 0
    if (!fits) room += widthOf(name)
    return fits
  })
}

const rank = (name: string): number => (ORDER.includes(name) ? ORDER.indexOf(name) : ORDER.length)

const headingOf = (name: string): string => name.replace(/([A-Z])/g, ' $1').toUpperCase()

const isShort = (value: unknown): boolean => cellOf(value) !== undefined && textWidth(cellOf(value)) <= 100

/** A value in a table's cell: what is named by its name, a place as file and line, a list with commas. */
const cellOf = (value: unknown): string => {
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(cellOf).join(', ')
  if (typeof value !== 'object' || value === null) return textOf(value)
  const { name, id, path, line, role, team, value: guessed } = recordOf(value)
  if (typeof path === 'string') return typeof line === 'number' ? `${path}:${line}` : path
  if (typeof role === 'string') return typeof team === 'string' ? `${role} of ${team}` : role
  const parts = Object.entries(value).map(([key, inner]) => `${key}=${cellOf(inner)}`)
  return textOf(name ?? id ?? guessed ?? (parts.join(' ') || null))
}

const lines = (record: Readonly<Record<string, unknown>>, indent: string): string[] =>
  Object.entries(record).flatMap(([name, value]) => {
    if (Array.isArray(value) && value.some((part) => typeof part === 'object' && part !== null))
      return [
        `${indent}${name}:`,
        ...value.flatMap((part) => {
          const [first = '', ...rest] = lines(recordOf(part), '')
          return [`${indent}  - ${first}`, ...rest.map((line) => `${indent}    ${line}`)]
        }),
      ]
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return Object.keys(value).length === 0
        ? [`${indent}${safeText(name)}: -`]
        : [`${indent}${safeText(name)}:`, ...lines(recordOf(value), `${indent}  `)]
    if (typeof value === 'string' && value.includes('\n'))
      return [
        `${indent}${name}:`,
        ...value
          .trimEnd()
          .split('\n')
          .map((line) => `${indent}  | ${safeText(line)}`),
      ]
    return [`${indent}${safeText(name)}: ${safeText(textOf(value))}`]
  })

const textOf = (value: unknown): string => {
  if (value === null || value === undefined || value === '') return '-'
  if (Array.isArray(value)) return value.length === 0 ? '-' : value.map(textOf).join(', ')
  return typeof value === 'string' ? showTime(value) : String(value)
}

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {}
