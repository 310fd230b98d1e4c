/** One row of a table, by the names of its header in lower case. */
export interface CsvRow {
  readonly line: number
  text(...names: readonly string[]): string
}

/** A table of comma or semicolon separated values (RFC 4180); what is cut short or has other columns is counted. */
export interface CsvTable {
  readonly header: readonly string[]
  readonly rows: readonly CsvRow[]
  readonly broken: number
}

/** The names of the first line, lower case: all that telling one table from another takes. */
export const csvHeader = (text: string): string[] => {
  const end = text.indexOf('\n')
  const first = text.slice(0, Math.min(end === -1 ? text.length : end, HEADER_CHARS_MAX))
  return (readRow({ text: first, at: 0, line: 1 }, markOf(first))?.cells ?? []).map((cell) => cell.trim().toLowerCase())
}

/** Reads a table whose first line is its header. */
export const readCsv = (text: string): CsvTable => {
  const header = csvHeader(text)
  const cursor: Cursor = { text, at: 0, line: 1 }
  const mark = markOf(text.slice(0, HEADER_CHARS_MAX).split('\n')[0] ?? '')
  readRow(cursor, mark)
  const rows: CsvRow[] = []
  let broken = 0
  while (cursor.at < text.length && rows.length < ROWS_MAX) {
    const { line } = cursor
    const row = readRow(cursor, mark)
    if (!row) break
    if (!row.isOpen && row.cells.length === 1 && row.cells[0]?.trim() === '') continue
    if (row.isOpen || row.cells.length !== header.length) broken += 1
    else rows.push(rowOf(header, row.cells, line))
  }
  return { header, rows, broken }
}

const HEADER_CHARS_MAX = 10_000
const ROWS_MAX = 200_000

interface Cursor {
  readonly text: string
  at: number
  line: number
}

const markOf = (header: string): string =>
  header.includes(',') ? ',' : header.includes(';') ? ';' : header.includes('\t') ? '\t' : ','

const rowOf = (header: readonly string[], cells: readonly string[], line: number): CsvRow => ({
  line,
  text: (...names) => names.map((name) => cells[header.indexOf(name)]?.trim() ?? '').find((text) => text !== '') ?? '',
})

const readRow = (cursor: Cursor, mark: string): { cells: string[]; isOpen: boolean } | undefined => {
  const { text } = cursor
  if (cursor.at >= text.length) return undefined
  const cells: string[] = []
  for (;;) {
    const isQuoted = text[cursor.at] === '"'
    const cell = isQuoted ? readQuoted(cursor) : readPlain(cursor, mark)
    cells.push(cell ?? '')
    if (cell === undefined) return { cells, isOpen: true }
    const next = text[cursor.at]
    cursor.at += 1
    if (next === mark) continue
    if (next === '\r' && text[cursor.at] === '\n') cursor.at += 1
    cursor.line += 1
    return { cells, isOpen: false }
  }
}

const readPlain = (cursor: Cursor, mark: string): string => {
  const start = cursor.at
  const { text } = cursor
  while (cursor.at < text.length && text[cursor.at] !== mark && text[cursor.at] !== '\n' && text[cursor.at] !== '\r')
    cursor.at += 1
  return text.slice(start, cursor.at)
}

const readQuoted = (cursor: Cursor): string | undefined => {
  const { text } = cursor
  const pieces: string[] = []
  let from = cursor.at + 1
  for (;;) {
    const end = text.indexOf('"', from)
    if (end === -1) {
      cursor.at = text.length
      return undefined
    }
    pieces.push(text.slice(from, end))
    if (text[end + 1] !== '"') {
      cursor.at = end + 1
      const cell = pieces.join('"')
      cursor.line += cell.split('\n').length - 1
      return cell
    }
    from = end + 2
  }
}
