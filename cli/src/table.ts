import { safeText } from './safe-text.ts'

/** Rows as aligned columns under their headings; cells are made safe for a terminal and the last column may be long. */
export const renderTable = (
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  columnsMax: number,
): string => {
  const cells = [headings, ...rows.map((row) => row.map(safeText))]
  const widths = headings.map((_, at) => Math.max(...cells.map((row) => (row[at] ?? '').length)))
  const lines = cells.map((row) =>
    row
      .map((cell, at) => (at === headings.length - 1 ? cell : cell.padEnd(widths[at] ?? 0)))
      .join('  ')
      .trimEnd(),
  )
  return `${lines.map((line) => cut(line, columnsMax)).join('\n')}\n`
}

const cut = (line: string, columnsMax: number): string =>
  line.length <= columnsMax || columnsMax < 20 ? line : `${line.slice(0, columnsMax - 1)}…`
