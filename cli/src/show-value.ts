import { safeText } from './safe-text.ts'
import { renderTable } from './table.ts'

/** Any answer of the server as text: a list as a table, an object as lines, the rest as it is. */
export const showValue = (value: unknown, columns: number): string => {
  const record = recordOf(value)
  if (Array.isArray(record.items)) return showList(record.items, columns, record.nextCursor)
  return `${lines(record, '').join('\n')}\n`
}

const HEADINGS_MAX = 6

// What tells one row from another comes first, the id last: it is long, and for the next command.
const FIRST = ['severity', 'name', 'title', 'kind', 'state', 'tier', 'environment', 'source', 'expiresAt', 'id']
const rank = (name: string): number => {
  const at = FIRST.indexOf(name)
  return at < 0 ? FIRST.length : at
}

const showList = (items: readonly unknown[], columns: number, nextCursor: unknown): string => {
  if (items.length === 0) return 'nothing here\n'
  const headings = Object.entries(recordOf(items[0]))
    .filter(([, value]) => typeof value !== 'object' || value === null)
    .map(([name]) => name)
    .sort((one, other) => rank(one) - rank(other))
    .slice(0, HEADINGS_MAX)
  const rows = items.map((item) => headings.map((name) => textOf(recordOf(item)[name])))
  const more = typeof nextCursor === 'string' ? `more: --cursor ${nextCursor}\n` : ''
  return (
    renderTable(
      headings.map((name) => name.toUpperCase()),
      rows,
      columns,
    ) + more
  )
}

const lines = (record: Readonly<Record<string, unknown>>, indent: string): string[] =>
  Object.entries(record).flatMap(([name, value]) => {
    if (Array.isArray(value) && value.some((part) => typeof part === 'object' && part !== null))
      return [
        `${indent}${name}:`,
        ...value.flatMap((part) => [`${indent}  -`, ...lines(recordOf(part), `${indent}    `)]),
      ]
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return Object.keys(value).length === 0 ? [] : [`${indent}${name}:`, ...lines(recordOf(value), `${indent}  `)]
    return [`${indent}${name}: ${safeText(textOf(value))}`]
  })

const textOf = (value: unknown): string => {
  if (value === null || value === undefined) return '-'
  return Array.isArray(value) ? value.join(', ') : String(value)
}

const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {}
